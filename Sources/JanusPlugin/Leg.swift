internal import CJanusPlugin
internal import Glibc
internal import RTP

typealias LegPointer = UnsafeMutablePointer<Leg>
typealias JanusSession = UnsafeMutablePointer<janus_plugin_session>

/// A place for a leg, in memory that is never given back: a pointer to it may be old, but never wild.
///
/// Two locks guard it: `receiving` for packets from the leg's party, `sending` for packets to it. A thread with a receiving lock may take a
/// sending lock, of any leg. A thread with a sending lock takes no other lock of a leg, and no thread takes two receiving locks.
/// No thread calls the core with one of them held: the core calls `query_session` with a lock of its own, which `relay_rtcp` takes as well.
struct Leg {
    enum Kind: UInt8 {
        /// Neither `open` nor a session description has come.
        case undecided
        /// RTP and RTCP sockets.
        case plain
        /// The PeerConnection of the handle.
        case webrtc
    }

    let receiving = Lock()
    let sending = Lock()

    // Written under both locks, read under either.

    /// Counts the legs that have had this place: whoever knows an older number knows another leg.
    var generation: UInt64 = 0
    /// The leg's handle, with the reference to it that the core gave us; nil while the place is free.
    var session: JanusSession?
    var id: UInt64 = 0
    var kind = Kind.undecided
    /// The leg that gets what this one receives, and from which it gets what it sends.
    var peer = LegReference()

    // Under ``Legs``' lock.

    /// Where the sockets of a plain leg are read.
    var poller: Poller?
    /// Where the PeerConnection's packets come from, while it is up.
    var loop: Loop?
    /// Whether it counts in ``Setups``.
    var isConnecting = false

    // Under the receiving lock.

    /// One for each ``Medium``.
    let receivers: UnsafeMutablePointer<Receiver>
    var events = EventBudget()

    // Under the sending lock.

    /// One for each ``Medium``.
    let senders: UnsafeMutablePointer<Sender>
    /// Where a packet is made ready to be sent.
    let scratch: UnsafeMutableRawPointer
    /// Whether the PeerConnection is up.
    var isUp = false
    /// Whether the browser has made an offer or an answer: the core has set up ICE.
    var hasDescription = false
    var keyframes = KeyframeRequests()
    var limit = BitrateLimit()
    /// The CNAME of our RTCP, sixteen characters (RFC 7022 section 4.2).
    var cname: (UInt64, UInt64) = (0, 0)

    /// The longest packet that is taken, in bytes. Behind it there is room for what SRTP adds.
    static let packetSize = 2_048
    static let trailerSize = 192

    init() {
        receivers = .allocate(capacity: Medium.count)
        senders = .allocate(capacity: Medium.count)
        scratch = .allocate(byteCount: Leg.packetSize + Leg.trailerSize, alignment: 16)
        for index in 0..<Medium.count {
            (receivers + index).initialize(to: Receiver())
            (senders + index).initialize(to: Sender())
        }
    }
}

/// A leg as another one remembers it.
struct LegReference: Equatable {
    var leg: LegPointer?
    var generation: UInt64 = 0
}

extension LegPointer {
    /// Under either lock.
    @inline(__always)
    var reference: LegReference { LegReference(leg: self, generation: pointee.generation) }

    @inline(__always)
    func receiver(_ medium: Medium) -> UnsafeMutablePointer<Receiver> { pointee.receivers + medium.rawValue }

    @inline(__always)
    func sender(_ medium: Medium) -> UnsafeMutablePointer<Sender> { pointee.senders + medium.rawValue }

    /// Runs with both locks held.
    func locked<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        pointee.receiving.lock()
        pointee.sending.lock()
        defer {
            pointee.sending.unlock()
            pointee.receiving.unlock()
        }
        return try body()
    }

    /// The handle's session with a reference more, to be released by the caller; nil where the leg is another one meanwhile.
    func retainSession(of generation: UInt64) -> JanusSession? {
        pointee.sending.lock()
        defer { pointee.sending.unlock() }
        guard pointee.generation == generation, let session = pointee.session else { return nil }
        tern_session_retain(session)
        return session
    }
}

extension LegPointer {
    /// Under both locks.
    func begin(_ session: JanusSession, id: UInt64) {
        pointee.generation = pointee.generation &+ 1
        pointee.session = session
        pointee.id = id
        pointee.kind = .undecided
        pointee.peer = LegReference()
        pointee.isUp = false
        pointee.hasDescription = false
        pointee.limit = BitrateLimit()
        pointee.cname = LegPointer.randomName()
        pointee.events = EventBudget()
        pointee.keyframes = KeyframeRequests()
        for medium in Medium.allCases {
            receiver(medium).pointee.reset(medium)
            sender(medium).pointee.reset(medium)
        }
    }

    private static func randomName() -> (UInt64, UInt64) {
        let letters = (0..<16).map { _ in UInt8.random(in: UInt8(ascii: "a")...UInt8(ascii: "z")) }
        return letters.withUnsafeBytes { ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) }
    }

    /// Under both locks: from now on nobody finds what the leg had.
    func end() -> Remains {
        var remains = Remains()
        let now = Clock.now()
        for medium in Medium.allCases {
            sendGoodbye(medium, now: now)
            remains.add(sender(medium).pointee.takeSent())
            remains.descriptors += [receiver(medium).pointee.rtp, receiver(medium).pointee.rtcp]
            remains.add(receiver(medium).pointee.srtp.replace(nil, nil))
            remains.add(sender(medium).pointee.srtp.replace(nil, nil))
            remains.add(receiver(medium).pointee.capture.replace(nil))
            remains.add(receiver(medium).pointee.test(false, now: now))
            receiver(medium).pointee.reset(medium)
            sender(medium).pointee.reset(medium)
        }
        pointee.generation = pointee.generation &+ 1
        pointee.session = nil
        pointee.id = 0
        pointee.kind = .undecided
        pointee.peer = LegReference()
        pointee.isUp = false
        pointee.hasDescription = false
        return remains
    }
}
