public import EventLoop
public import Logging
public import ProxyCore
public import Recording

/// What every session of a gateway shares.
@LoopActor
public final class SessionContext: SessionFactory {
    let engine: any MediaEngine
    /// The addresses of which SIP sides are told one in `o=` and `c=`.
    let mediaAddresses: LegAddresses
    let recordings: RecordingService
    /// An absolute path.
    let recordingsDirectory: String
    let hosts: MediaHosts
    let log: Logger
    private var number: UInt64

    public init(
        media engine: any MediaEngine, mediaAddresses: LegAddresses, recordings: RecordingService, recordingsDirectory: String,
        hosts: MediaHosts = MediaHosts(), log: Logger
    ) {
        self.engine = engine
        self.mediaAddresses = mediaAddresses
        self.recordings = recordings
        self.recordingsDirectory = recordingsDirectory
        self.hosts = hosts
        self.log = log
        // RFC 8866 section 5.2 wants session ids that do not repeat: 31 bits that every phone can hold, from anywhere.
        number = UInt64.random(in: 1...0x3fff_ffff)
    }

    public var isReady: Bool { engine.isReady }

    public func session(
        _ id: String, _ kind: SessionKind, options: SessionOptions, profiles: [SessionSide: SIPProfile],
        inherited: [SessionSide: DialogInheritance]
    ) -> any MediaSession {
        EngineSession(id: id, kind: kind, options: options, profiles: profiles, inherited: inherited, context: self)
    }

    /// A number for `o=` lines; each session takes two.
    func nextNumber() -> UInt64 {
        number = (number &+ 2) & 0x7fff_ffff
        return number
    }
}
