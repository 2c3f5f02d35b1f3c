internal import CoreMetrics
internal import EventLoop
internal import Logging

/// Counts the requests that are refused before there is any state of them: the metric `tern_sip_shed_total`, and a line of the log a second.
@LoopActor
final class ShedRequests {
    enum Reason: String {
        /// The limit that the load sets.
        case rate
        /// Calls in set-up.
        case setUp = "set_up"
        /// `limits.calls_per_second`.
        case configured
        /// As many legs as there may be.
        case legs
        /// A late event loop.
        case loopDelay = "loop_delay"
        /// A caller who has proven nothing, and has to.
        case stranger

        init(_ reason: OverloadControl.Reason) {
            switch reason {
            case .rate: self = .rate
            case .setUp: self = .setUp
            case .configured: self = .configured
            }
        }
    }

    private var counters: [String: Counter] = [:]
    /// Since the last line, by reason.
    private var unreported: [Reason: Int] = [:]
    private var lastLine: ContinuousClock.Instant?
    /// Refusals of each of the last sixty seconds.
    private var seconds = [Int](repeating: 0, count: 60)
    private var second: Int64 = 0
    private let origin = ContinuousClock.now

    func count(_ method: String, _ reason: Reason) {
        let name = "\(method) \(reason.rawValue)"
        let counter = counters[name] ?? Counter(label: "tern_sip_shed_total", dimensions: [("method", method), ("reason", reason.rawValue)])
        counters[name] = counter
        counter.increment()
        unreported[reason, default: 0] += 1
        turn(to: .now)
        if reason != .stranger { seconds[Int(second % 60)] += 1 }
    }

    /// Refusals in the last minute because of the load.
    func lastMinute(at now: ContinuousClock.Instant) -> Int {
        turn(to: now)
        return seconds.reduce(0, +)
    }

    private func turn(to now: ContinuousClock.Instant) {
        let current = origin.duration(to: now).components.seconds
        for passed in 0..<min(60, max(0, current - second)) { seconds[Int((current - passed) % 60)] = 0 }
        second = max(second, current)
    }

    /// Writes a line about what was refused since the last one, a second ago at least.
    func report(_ endpoint: SIPEndpoint) {
        let now = ContinuousClock.now
        guard !unreported.isEmpty, lastLine.map({ $0.duration(to: now) >= .seconds(1) }) ?? true else { return }
        lastLine = now
        let load = endpoint.load
        var fields: Logger.Metadata = ["set_ups": "\(load.setUps)", "demand": "\(SIPLoad.whole(load.demand))"]
        for (reason, count) in unreported { fields[reason.rawValue] = "\(count)" }
        fields["limit"] = load.callsPerSecond.map { "\(SIPLoad.whole($0))" }
        unreported = [:]
        endpoint.logger.warning("requests are refused before they take anything", metadata: fields)
    }
}
