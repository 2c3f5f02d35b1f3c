internal import CoreMetrics
public import EventLoop
internal import LineTest
public import Logging
public import SIP
public import SIPNames

/// Sends the results of line tests to a collector of voice quality: a PUBLISH each (RFC 6035 section 4.4).
///
/// A report that the collector does not take is sent again, ``pauses`` apart; no call waits for it.
@LoopActor
public final class LineTestReporter {
    /// Before each try.
    static let pauses: [Duration] = [.zero, .seconds(5), .seconds(30)]
    /// How long a try may take.
    static let timeout = Duration.seconds(8)
    /// More reports at once are dropped.
    static let most = 100

    private let collector: String
    private let domain: String
    private let locate: @LoopActor (SIPServerName) async -> [SIPHop]
    private weak var endpoint: (any SIPUserAgent)?
    private let log: Logger
    private var waiting = 0
    private var timers: [Int: LoopTimer] = [:]
    private var count = 0
    private var isStopped = false

    /// - Parameters:
    ///   - collector: A SIP URI.
    ///   - domain: Of the gateway's own URIs.
    ///   - locate: Finds the hops of a name (RFC 3263).
    public init(
        collector: String, domain: String, endpoint: any SIPUserAgent, locate: @escaping @LoopActor (SIPServerName) async -> [SIPHop], log: Logger
    ) {
        self.collector = collector
        self.domain = domain
        self.endpoint = endpoint
        self.locate = locate
        self.log = log
    }

    /// What has not been sent by now will not be.
    public func stop() {
        isStopped = true
        for timer in timers.values { timer.cancel() }
        timers = [:]
    }

    func send(_ result: LineTestResult) {
        guard !isStopped else { return }
        guard waiting < LineTestReporter.most else { return note("dropped", result, "\(waiting) reports wait") }
        waiting += 1
        attempt(0, result)
    }

    private func attempt(_ number: Int, _ result: LineTestResult) {
        count += 1
        let id = count
        timers[id] = LoopTimer.schedule(after: LineTestReporter.pauses[number]) { [weak self] in
            self?.timers[id] = nil
            LoopActor.task { [weak self] in await self?.publish(number, result) }
        }
    }

    private func publish(_ number: Int, _ result: LineTestResult) async {
        let outcome = await publish(result)
        guard !isStopped else { return }
        let isPassing = !outcome.isFromPeer || outcome.status >= 500 && outcome.status < 600 || outcome.status == 408
        if isPassing, number + 1 < LineTestReporter.pauses.count { return attempt(number + 1, result) }
        waiting -= 1
        let isSent = (200..<300).contains(outcome.status)
        note(isSent ? "sent" : "failed", result, "\(outcome.isFromPeer ? "answered" : "no answer:") \(outcome.status) \(outcome.phrase)")
    }

    private func publish(_ result: LineTestResult) async -> SIPClientOutcome {
        var outcome = SIPClientOutcome(status: 503, phrase: "host not found", isFromPeer: false)
        guard let uri = SIPURI(collector) else { return outcome }
        let transport = uri.transport.flatMap { ListenAddress.Transport(rawValue: $0) } ?? (uri.isSecure ? .tls : nil)
        for hop in await locate(SIPServerName(host: uri.host, port: uri.port, transport: transport)).prefix(4) {
            guard let endpoint, !isStopped else { break }
            var request = SIPClientRequest(
                .publish, target: uri.target, hop: hop, from: "sip:\(domain)", to: uri.plain, expires: 0, headers: [("Event", LineTestResult.reportPackage)],
                timeout: LineTestReporter.timeout)
            request.body = (LineTestResult.reportType, result.report(domain: domain))
            outcome = await endpoint.request(request)
            if outcome.isFromPeer { break }
        }
        return outcome
    }

    private func note(_ what: String, _ result: LineTestResult, _ reason: String) {
        Counter(label: "tern_line_test_reports_total", dimensions: [("result", what)]).increment()
        guard what != "sent" else { return }
        log.warning("the collector has no report of a line test", metadata: [
            "call": "\(result.id)", "collector": "\(collector)", "reason": "\(reason)",
        ])
    }
}
