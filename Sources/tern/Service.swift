internal import Configuration
internal import Diagnosis
internal import Dispatch
internal import EventLoop
internal import Gateway
internal import Glibc
internal import Logging

/// The gateway's life, seen from the main thread: starts it, waits for signals, stops it.
struct Service {
    /// How long a clean stop may take before the process ends without it.
    private static let stopLimit = DispatchTimeInterval.seconds(15)

    let configuration: GatewayConfiguration
    /// Where each of the routes was written.
    let routePlaces: [ConfigurationOrigin]
    let events: ServiceEvents
    let metrics: MetricsRegistry
    let logger: Logger
    /// Reads the configuration again.
    let reader: ConfigurationRereader
    let manager = ServiceManager()

    /// What the gateway has been told by signals.
    private enum Stage {
        case running
        /// No new calls: it ends when the last has ended.
        case draining
        /// Its calls are being ended.
        case stopping
    }

    /// Returns when the gateway has ended.
    func run() -> ExitStatus {
        DescriptorLimit.raise()
        // A hang-up means "read again" to a service, and "my terminal is gone" to a program in one.
        let hasTerminal = isatty(0) == 1
        let holder = start()
        var stage = Stage.running
        var deadline: DispatchTime?
        while let event = events.next(until: deadline ?? .distantFuture) {
            switch event {
            case .started(let text):
                if stage == .running {
                    StandardStreams.output(text)
                    manager.ready("takes calls")
                }
            case .failed(let reason):
                logger.critical("the gateway could not start", metadata: ["reason": "\(reason)"])
                EventLoop.shared.stop()
                return .failure
            case .signal(SIGHUP) where !hasTerminal:
                LoopActor.task { await holder.gateway?.reload() }
            case .signal(SIGTERM) where stage == .running:
                logger.notice("stopping when the calls have ended", metadata: ["signal": "\(SIGTERM)"])
                stage = .draining
                manager.stopping("takes no new calls, and ends when the last has ended")
                drain(holder)
            case .signal(let signal):
                guard stage != .stopping else {
                    logger.warning("ended at once", metadata: ["signal": "\(signal)"])
                    return .failure
                }
                logger.notice("stopping", metadata: ["signal": "\(signal)"])
                stage = .stopping
                manager.stopping("ends its calls")
                deadline = .now() + Service.stopLimit
                stop(holder)
            case .drained:
                guard stage == .draining else { continue }
                stage = .stopping
                manager.stopping("ends its calls")
                deadline = .now() + Service.stopLimit
                stop(holder)
            case .stopped:
                EventLoop.shared.stop()
                logger.notice("stopped")
                return .success
            }
        }
        logger.critical("the gateway did not stop in time")
        return .failure
    }

    private func start() -> GatewayHolder {
        let (holder, events, configuration, places, metrics, logger, reader) = (GatewayHolder(), events, configuration, routePlaces, metrics, logger, reader)
        LoopActor.task {
            let gateway = Gateway(configuration: configuration, routePlaces: places, metrics: metrics, logger: logger, reader: reader)
            holder.gateway = gateway
            do throws(GatewayError) {
                try await gateway.start()
                let welcome = WelcomeText(configuration: configuration, sip: gateway.sipAddresses, http: gateway.httpAddress)
                events.post(.started(welcome.text))
            } catch {
                events.post(.failed(error.description))
            }
        }
        return holder
    }

    private func drain(_ holder: GatewayHolder) {
        let events = events
        LoopActor.task {
            await holder.gateway?.drain()
            events.post(.drained)
        }
    }

    private func stop(_ holder: GatewayHolder) {
        let events = events
        LoopActor.task {
            await holder.gateway?.stop()
            holder.gateway = nil
            events.post(.stopped)
        }
    }
}

/// Keeps the gateway, which lives on the loop.
@LoopActor
private final class GatewayHolder {
    var gateway: Gateway?

    nonisolated init() {}
}
