public import Authentication
internal import Glibc
public import Recording

extension GatewayConfiguration {
    /// Section `media`.
    public struct Media: Sendable, Equatable {
        /// Whether phones' media may come from elsewhere than their SDP says.
        public enum Latching: String, Sendable, CaseIterable {
            /// Tern follows a phone's packets, after checks that keep strangers out (symmetric RTP).
            case auto
            /// Tern takes packets from the address in the SDP only, and sends there only; SRTP that authenticates is followed all the same.
            case off
        }

        /// Key `media.address`: the IPv4 address of this machine that phones send RTP to.
        /// Default: chosen by ``MediaAddress``; 127.0.0.1 where SIP listens on loopback only.
        public var address = "127.0.0.1"
        /// Key `media.address6`: the IPv6 address of this machine that phones send RTP to; nil where they have to use IPv4. A phone that
        /// offers an IPv6 address gets this one. Default: nil.
        public var address6: String?
        /// Key `media.rtp_ports`: UDP ports for RTP, `FIRST-LAST` within 1024 to 65535, at least 100 of them.
        /// Default: `20000-29999`.
        public var rtpPorts: ClosedRange<Int> = 20_000...29_999
        /// Key `media.timeout`: a call ends when a phone that should send media has sent neither RTP nor RTCP for this long, 1 s to 1 h;
        /// nil, which is 0 in the file, is never. Default: 1 min.
        public var timeout: Duration? = .seconds(60)
        /// Key `media.latching`. Default: `auto`.
        public var latching = Latching.auto

        public init() {}
    }
}

extension GatewayConfiguration.Media {
    /// The UDP ports of each of so many Januses: equal shares, of which the last one has what is left. RTP begins at an even port in all of them where it does in the whole.
    public func rtpPortShares(_ count: Int) -> [ClosedRange<Int>] {
        let size = max(2, rtpPorts.count / max(1, count) / 2 * 2)
        return (0..<max(1, count)).compactMap { index in
            let first = rtpPorts.lowerBound + index * size
            let last = index == count - 1 ? rtpPorts.upperBound : first + size - 1
            return first <= last ? first...last : nil
        }
    }
}

extension GatewayConfiguration {
    /// Section `janus`.
    public struct Janus: Sendable, Equatable {
        /// Who starts Janus.
        public enum Mode: String, Sendable, CaseIterable {
            /// The gateway runs Januses of its own and keeps them alive.
            case managed
            /// Janus runs elsewhere, at ``Janus/urls``.
            case external
        }

        /// Key `janus.mode`. Default: `managed`.
        public var mode = Mode.managed
        /// Key `janus.count`: how many Januses the gateway runs, 1 to 32, mode `managed`. Each has an equal share of `media.rtp_ports`, of which
        /// it needs 100. Default: 1.
        public var count = 1
        /// A Janus that runs elsewhere.
        public struct External: Sendable, Equatable, CustomStringConvertible {
            /// Of its WebSocket transport: `ws://HOST:PORT/PATH`.
            public var url: String
            /// The IPv4 address of its machine that phones send RTP to; nil where it is `media.address`.
            public var address: String?
            /// The IPv6 address, beside an IPv4 one; nil where phones have to use IPv4 there.
            public var address6: String?

            public init(_ url: String, address: String? = nil, address6: String? = nil) {
                (self.url, self.address, self.address6) = (url, address, address6)
            }

            /// As in the file.
            public var description: String { ([url] + [address, address6].compactMap(\.self)).joined(separator: " ") }
        }

        /// Key `janus.urls`: 1 to 32 WebSocket URLs (`ws://HOST:PORT/PATH`), each with the media addresses of its machine behind it where these are not
        /// `media.address` and `media.address6`; used, and needed, in mode `external`.
        public var urls: [External] = []
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
        /// Key `janus.event_loops`: media threads of each Janus, 1 to 64, mode `managed`. Default: the number of cores, of several Januses their share of it.
        public var eventLoops = min(64, max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
        /// Key `janus.memory_limit`: the memory that each Janus may take, in bytes, 128 MiB to 1 TiB, mode `managed`. A Janus that takes more
        /// is killed and started again. Default: half of the memory of the machine or the container, of several Januses their share of it, 256 MiB at least.
        public var memoryLimit = min(1 << 40, max(256 << 20, MachineMemory.available / 2))

        public init() {}
    }
}

extension GatewayConfiguration {
    /// Section `recordings`.
    public struct Recordings: Sendable, Equatable {
        /// Key `recordings.directory`: where recordings are written; absolute here, and relative to the working directory
        /// where it was given relative. Default: `recordings`.
        public var directory = AbsolutePath.of("recordings")

        /// Key `recordings.video`: what becomes of video. Default: `side_by_side`.
        public var video = VideoStyle.sideBySide
        /// Key `recordings.keep_mjr`: whether Janus' own files stay beside what is made of them. Default: false.
        public var keepsCaptures = false
        /// Key `recordings.jobs`: how many recordings are finished at once, 1 to 16. Default: 1.
        public var jobs = 1
        /// Key `recordings.minimum_free`: with less room in the directory nothing is recorded, in bytes. 0 to 1 PiB. Default: 256M.
        public var minimumFree = 256 << 20
        /// Key `recordings.ffmpeg`: path or name of the program. Default: `ffmpeg`.
        public var ffmpeg = "ffmpeg"

        public init() {}
    }
}
