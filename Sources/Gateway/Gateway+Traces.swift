internal import BrowserAPI
internal import Configuration
internal import Diagnosis
internal import EventLoop
internal import Foundation
internal import JSON
internal import Logging
internal import Routing
internal import Version

/// The time lines of the last calls, what operators ask about them, and the Homer that is told of calls.
@LoopActor
final class GatewayTraces {
    private let store: TraceStore
    private let homer: HEPSender.Settings?
    private let mediaAddress: String
    private let log: Logger
    private var reporter: HEPReporter?

    init(_ configuration: GatewayConfiguration, log: Logger) {
        self.log = log
        store = TraceStore(limits: TraceStore.Limits(memory: configuration.traces.memory))
        mediaAddress = configuration.media.address
        let hep = configuration.hep
        homer = hep.address.map {
            HEPSender.Settings(host: $0.host, port: $0.port, id: hep.id, password: hep.password?.value ?? "", isTCP: hep.transport == .tcp)
        }
    }

    /// - Parameter hops: Looks up Homer's name.
    func start(_ commands: AdminCommands, hops: NextHops?) {
        commands["list_traces"] = { [store] fields throws(APIError) in
            let count = try fields.optionalInteger("limit", in: 1...1_000) ?? 100
            let failed = try fields.optionalFlag("failed") ?? false
            return ["traces": .array(store.list(count: count, onlyFailed: failed).map(\.json))]
        }
        commands["get_trace"] = { [weak self] fields throws(APIError) in
            guard let self else { throw APIError(.shuttingDown) }
            return try trace(fields).json
        }
        commands["get_capture"] = { [weak self] fields throws(APIError) in
            guard let self else { throw APIError(.shuttingDown) }
            let capture = PacketCapture(try trace(fields), application: "tern \(TernVersion.current)")
            return ["pcapng": .string(Data(capture.bytes).base64EncodedString())]
        }
        guard let homer else { return }
        reporter = HEPReporter(homer, mediaAddress: mediaAddress, log: log) { [weak hops] name in await hops?.addresses(of: name) ?? [] }
    }

    private func trace(_ fields: Fields) throws(APIError) -> TraceDocument {
        let call = try fields.text("call", bytes: 1...512)
        do throws(TraceStore.Failure) {
            return try store.trace(of: call)
        } catch {
            throw APIError(.unknownCall, "`call`: \(error.reason)")
        }
    }

    func stop() {
        reporter?.stop()
        reporter = nil
        store.stop()
    }

    /// Sets the gauges.
    func note(in metrics: MetricsRegistry) { store.note(in: metrics) }
}

extension TraceStore.Failure {
    fileprivate var reason: String {
        switch self {
        case .none: "there is no trace of such a call"
        case .ambiguous(let ids): "several calls begin so: \(ids.prefix(5).joined(separator: ", "))"
        }
    }
}
