internal import CoreMetrics
internal import EventLoop
internal import Janus
internal import Logging
internal import ProxyCore

/// One Janus that sessions can be at: its client, its process where that is the gateway's own, and how loaded it is.
@LoopActor
final class JanusServer: MediaServer {
    let name: String
    let phonePorts: ClosedRange<Int>?
    let phoneAddresses: LegAddresses?
    /// Whether it gets no new sessions.
    private(set) var isDraining = false
    /// Whether its process is started again, and the draining over, when it has no leg left.
    private(set) var restartsWhenEmpty = false

    /// How often it is looked at.
    private static let interval = Duration.milliseconds(500)
    /// Times that it is looked at for each look at its processor time, which is counted in hundredths of a second.
    private static let looksPerSample = 2
    /// Share of the latest sample in the mean.
    private static let sampleShare = 0.5

    private let log: Logger
    private let onChange: @LoopActor () -> Void
    private var client: JanusClient?
    private var process: JanusProcess?
    private var timer: LoopTimer?
    private var answer = AnswerTime()
    private var use = ProcessorUse()
    private var cores: Double?
    private var looks = 0
    private var wasSlow = false
    /// From then on its end is what was asked for.
    private var isStopping = false
    private var lastReason: String?

    /// A Janus of the gateway's own.
    ///
    /// - Parameter onChange: Called when it becomes ready, or ceases to be.
    init(_ name: String, _ configuration: JanusProcessConfiguration, log: Logger, onChange: @escaping @LoopActor () -> Void) {
        self.name = name
        self.log = log
        self.onChange = onChange
        phonePorts = configuration.plainPorts
        phoneAddresses = nil
        let process = JanusProcess(configuration: configuration) { [weak self] state in self?.processChanged(state) }
        self.process = process
        client = makeClient(JanusClientConfiguration(name: configuration.name, url: process.url, apiSecret: process.apiSecret, engine: .current))
    }

    /// A Janus that runs elsewhere.
    ///
    /// - Parameter addresses: Those of its machine that phones are told; nil where they are the gateway's media addresses.
    init(_ name: String, _ configuration: JanusClientConfiguration, addresses: LegAddresses?, log: Logger, onChange: @escaping @LoopActor () -> Void) {
        self.name = name
        self.log = log
        self.onChange = onChange
        phonePorts = nil
        phoneAddresses = addresses
        client = makeClient(configuration)
    }

    private func makeClient(_ configuration: JanusClientConfiguration) -> JanusClient {
        JanusClient(configuration: configuration) { [weak self] state in self?.clientChanged(state) }
    }

    func start() {
        if let process { process.start() } else { client?.start() }
        timer = LoopTimer.schedule(after: JanusServer.interval, every: JanusServer.interval) { [weak self] in self?.look() }
    }

    func stop() async {
        isStopping = true
        timer?.cancel()
        timer = nil
        await client?.stop()
        await process?.stop()
    }

    func attachLeg(within limit: Duration?) async throws(JanusError) -> any MediaLeg {
        guard let client else { throw .notReady("stopped") }
        return try await EngineLeg.attach(to: client, within: limit)
    }

    /// Keeps new sessions from it, or lets them come again.
    ///
    /// - Parameter restarts: Whether its process is started again when it has no leg left.
    /// - Returns: Whether that is possible: a Janus that runs elsewhere is not started by the gateway.
    func drain(_ isOn: Bool, restarts: Bool) -> Bool {
        guard !restarts || process != nil else { return false }
        isDraining = isOn
        restartsWhenEmpty = isOn && restarts
        restartIfEmpty()
        return true
    }

    // MARK: How it is

    private var legs: Int { client?.openHandles ?? 0 }

    /// For the choice of a server.
    var load: MediaServerLoad {
        MediaServerLoad(isReady: client?.state == .ready, isDraining: isDraining, legs: legs, cores: cores, answerTime: answer.value(at: .now))
    }

    /// For operators.
    var snapshot: MediaBackend.Server {
        let load = load
        let (state, reason): (String, String?) = switch client?.state {
        case .ready: ("ready", nil)
        case .connecting: ("connecting", nil)
        case .down(let reason): ("down", reason)
        case nil: ("down", nil)
        }
        return MediaBackend.Server(
            name: name, url: client?.url ?? "", state: state, reason: reason, handles: legs, pid: pid, isDraining: isDraining, restartsWhenEmpty: restartsWhenEmpty,
            isSlow: load.isSlow, answerTime: load.isReady ? load.answerTime : nil, cores: cores)
    }

    private var pid: Int32? {
        if case .running(let pid) = process?.state { pid } else { nil }
    }

    private func look() {
        looks += 1
        if looks % JanusServer.looksPerSample == 0 { sample() }
        restartIfEmpty()
        tellIfSlow()
        guard client?.state == .ready, !answer.isWaiting else { return }
        answer.ask(at: .now)
        LoopActor.task { [weak self] in
            // However it ends, that is how long it took.
            _ = try? await self?.client?.answerTime()
            self?.answer.settle(at: .now)
        }
    }

    private func tellIfSlow() {
        let load = load
        guard load.isSlow != wasSlow else { return }
        wasSlow = load.isSlow
        if wasSlow {
            log.warning("a media server answers late: new sessions go to others while there are any", metadata: [
                "server": "\(name)", "answer_time": "\(load.answerTime)",
            ])
        } else {
            log.notice(load.isReady ? "a media server answers in time again" : "a media server that answered late is down", metadata: ["server": "\(name)"])
        }
    }

    private func sample() {
        guard let pid else { return cores = nil }
        guard let sample = use.cores(of: pid) else { return }
        cores = cores.map { $0 + (sample - $0) * JanusServer.sampleShare } ?? sample
    }

    private func restartIfEmpty() {
        guard restartsWhenEmpty, legs == 0, process?.restart() == true else { return }
        log.notice("a media server is started again: it is drained and empty", metadata: ["server": "\(name)"])
    }

    // MARK: What happens

    private func processChanged(_ state: JanusProcessState) {
        guard case .running = state, let process, let client else { return }
        Counter(label: "tern_janus_starts_total", dimensions: [("server", name)]).increment()
        if restartsWhenEmpty {
            restartsWhenEmpty = false
            isDraining = false
        }
        client.connect(to: process.url)
        client.start()
    }

    private func clientChanged(_ state: JanusState) {
        switch state {
        case .ready:
            lastReason = nil
            answer.reset()
            log.info("Janus is ready", metadata: ["server": "\(name)"])
        case .down(let reason):
            // The client tries again every few seconds: one line says why, until there is another reason.
            guard reason != lastReason else { break }
            lastReason = reason
            let level: Logger.Level = isStopping || restartsWhenEmpty ? .info : .warning
            log.log(level: level, "Janus is down", metadata: ["server": "\(name)", "url": "\(client?.url ?? "")", "reason": "\(reason)"])
        case .connecting: break
        }
        onChange()
    }
}
