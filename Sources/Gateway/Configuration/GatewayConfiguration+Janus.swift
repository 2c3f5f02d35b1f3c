public import Authentication

internal import Glibc

extension GatewayConfiguration {
    /// Section `janus`.
    public struct Janus: Sendable, Equatable {
        /// Who starts Janus.
        public enum Mode: String, Sendable, CaseIterable {
            /// The gateway runs a Janus of its own and keeps it alive.
            case managed
            /// Janus runs elsewhere, at ``Janus/urls``.
            case external
        }

        /// Key `janus.mode`. Default: `managed`.
        public var mode = Mode.managed
        /// Key `janus.urls`: 1 to 32 WebSocket URLs (`ws://HOST:PORT/PATH`); used, and needed, in mode `external`.
        public var urls: [String] = []
        /// Key `janus.api_secret`: what an external Janus asks for, if it asks. A managed one has a generated secret.
        public var apiSecret: Secret?
        /// Key `janus.executable`: absolute path of the program, mode `managed`. Default: `/usr/bin/janus`.
        public var executable = "/usr/bin/janus"
        /// Key `janus.plugin`: absolute path of Tern's own plugin, `libjanus_tern.so`, mode `managed`. Default: nil, which is beside the
        /// program `tern`, else in `../lib/tern` of the program's folder.
        public var plugin: String?
        /// Key `janus.directory`: absolute path of the folder for the generated configuration, mode `managed`.
        /// Two gateways must not share one. Default: `$RUNTIME_DIRECTORY`, else `$XDG_RUNTIME_DIR/tern-ADDRESS-PORT` of the
        /// first SIP listener, else `/tmp/tern-UID-ADDRESS-PORT`.
        public var directory = RuntimeDirectory.path(environment: [:], listener: SIP().listen.first)
        /// Key `janus.event_loops`: media threads, 1 to 64, mode `managed`. Default: the number of cores.
        public var eventLoops = min(64, max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
        /// Key `janus.memory_limit`: the memory that Janus may take, in bytes, 128 MiB to 1 TiB, mode `managed`. A Janus that takes more
        /// is killed and started again. Default: half of the memory of the machine or the container, 256 MiB at least.
        public var memoryLimit = min(1 << 40, max(256 << 20, MachineMemory.available / 2))

        public init() {}
    }
}
