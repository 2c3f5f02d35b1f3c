internal import Glibc

/// How to run a Janus of one's own.
public struct JanusProcessConfiguration: Sendable {
    /// What the log calls this Janus; `nil` where there is no other one.
    public var name: String?
    /// Path or name of the program.
    public var executable: String
    /// Where its transports are, as `…/janus` with the folder `transports`; found by itself when `nil`.
    public var libraries: String?
    /// Path of Tern's own plugin; looked for beside this program and in `../lib/tern` when `nil`.
    public var engine: String?
    /// Directory for the generated configuration; made when missing, and readable by this user only. One Janus has it to itself.
    public var directory: String
    /// UDP ports for media. The lower half is for plain RTP (an even port for RTP and the next for RTCP, for each medium),
    /// the upper half for ICE (one port for each PeerConnection and address).
    public var rtpPorts: ClosedRange<Int>
    /// IPv4 address that ICE keeps to, unless it is a loopback address, which ICE never uses, or `0.0.0.0`: then ICE uses every IPv4 address
    /// of the machine that is not loopback.
    public var localAddress: String
    /// The IPv4 address that a NAT leads to the local one, which ICE names beside it; nil where no NAT is before the machine.
    public var publicAddress: String?
    /// Threads for media, one for each core; never 0, with which Janus takes a thread for each handle and sets calls up slowly.
    public var eventLoops: Int
    /// Memory that it may take, in bytes; when it takes more it is killed.
    public var memoryLimit: Int
    /// From its start until it must answer.
    public var startLimit: Duration
    /// From SIGTERM until SIGKILL.
    public var stopLimit: Duration
    /// From one health check to the next, and how long the plugin may take to answer; after two that fail in a row it is killed.
    public var healthInterval: Duration
    /// Before the first restart; doubled with each failure in a row.
    public var firstRestart: Duration
    /// Longest wait before a restart.
    public var longestRestart: Duration
    /// Health for this long makes the failures before it forgotten.
    public var forgiveness: Duration

    public init(
        name: String? = nil, executable: String = "janus", libraries: String? = nil, engine: String? = nil, directory: String, rtpPorts: ClosedRange<Int>,
        localAddress: String, publicAddress: String? = nil, eventLoops: Int, memoryLimit: Int, startLimit: Duration = .seconds(10), stopLimit: Duration = .seconds(3),
        healthInterval: Duration = .seconds(5), firstRestart: Duration = .milliseconds(200),
        longestRestart: Duration = .seconds(10), forgiveness: Duration = .seconds(30)
    ) {
        self.name = name
        self.executable = executable
        self.libraries = libraries
        self.engine = engine
        self.directory = directory
        self.rtpPorts = rtpPorts
        self.localAddress = localAddress
        self.publicAddress = publicAddress
        self.eventLoops = eventLoops
        self.memoryLimit = memoryLimit
        self.startLimit = startLimit
        self.stopLimit = stopLimit
        self.healthInterval = healthInterval
        self.firstRestart = firstRestart
        self.longestRestart = longestRestart
        self.forgiveness = forgiveness
    }

    /// Checks the values against each other and against this machine's addresses.
    func check() throws(JanusProcessError) {
        guard rtpPorts.lowerBound >= 1_024, rtpPorts.upperBound <= 65_535, rtpPorts.count >= 8 else {
            throw .configuration("RTP ports \(rtpPorts.lowerBound)-\(rtpPorts.upperBound): at least 8 within 1024 to 65535")
        }
        guard (1...256).contains(eventLoops) else { throw .configuration("\(eventLoops) event loops: 1 to 256") }
        var address = in_addr()
        guard inet_pton(AF_INET, localAddress, &address) == 1 else {
            throw .configuration("media address \(localAddress) is no IPv4 address, and ICE has no other")
        }
        guard LocalPort.isOwn(address) else {
            throw .configuration("media address \(localAddress) is not an address of this machine")
        }
    }

    /// The share of plain RTP, from an even port on.
    public var plainPorts: ClosedRange<Int> { rtpPorts.lowerBound...(firstICEPort - 1) }

    /// The share of ICE.
    var icePorts: ClosedRange<Int> { firstICEPort...rtpPorts.upperBound }

    private var firstICEPort: Int {
        let middle = rtpPorts.lowerBound + rtpPorts.count / 2
        return middle + middle % 2
    }
}

/// Why a Janus of one's own does not run.
public enum JanusProcessError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The configuration cannot work.
    case configuration(String)
    /// The program, or one of its libraries, is missing or not executable.
    case installation(String)
    /// A file or directory could not be written.
    case file(path: String, reason: String)
    /// It did not load Tern's plugin, or loaded another one than this gateway's.
    case engine(String)
    /// It ended by itself.
    case ended(String)
    /// It runs and does not answer.
    case silent(String)
    /// It took more memory than it may; both are in bytes.
    case memory(used: Int, limit: Int)

    public var description: String {
        switch self {
        case .configuration(let text), .installation(let text), .engine(let text), .ended(let text), .silent(let text): text
        case .memory(let used, let limit): "it takes \(used >> 20) MB of memory, of \(limit >> 20) MB that it may"
        case .file(let path, let reason): "\(path): \(reason)"
        }
    }
}

/// What a supervised Janus is doing.
public enum JanusProcessState: Sendable, Equatable {
    case stopped
    /// It was started, or is about to be, and does not answer yet.
    case starting
    /// It answers; the URLs are valid.
    case running(pid: Int32)
    /// It failed, and is started again at that time.
    case backingOff(until: ContinuousClock.Instant, reason: JanusProcessError)
    /// It was told to end and has not yet.
    case stopping
}
