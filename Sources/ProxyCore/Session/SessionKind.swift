/// What a session does with its media, and which profile each of its sides speaks.
public enum SessionKind: Sendable, Equatable {
    /// The caller hears and sees itself.
    case echo(SDPType)
    /// The caller's media go to the called party and back.
    case proxy(caller: SDPType, callee: SDPType)

    /// The profile of the side that offers.
    public var callerType: SDPType {
        switch self {
        case .echo(let type): type
        case .proxy(let caller, _): caller
        }
    }

    /// The profile of the side that answers; an echo has none.
    public var calleeType: SDPType? {
        switch self {
        case .echo: nil
        case .proxy(_, let callee): callee
        }
    }

    /// The profile of that side; nil where there is no such side.
    public func type(of side: SessionSide) -> SDPType? { side == .caller ? callerType : calleeType }

    /// The Janus handles that a session of this kind takes, in the order in which they are attached.
    public var handles: [SessionHandle] {
        switch self {
        case .echo(.webrtc): [SessionHandle(.caller, .echoTest)]
        case .echo(.rtp): [SessionHandle(.caller, .noSIP), SessionHandle(.echo, .echoTest)]
        case .proxy(.webrtc, .webrtc): [SessionHandle(.caller, .videoCall), SessionHandle(.callee, .videoCall)]
        case .proxy(.rtp, .rtp): [SessionHandle(.caller, .noSIP), SessionHandle(.callee, .noSIP)]
        case .proxy: [SessionHandle(.caller, .noSIP)]
        }
    }

    /// The handle whose PeerConnection is that of `side`'s browser; nil when that side is not a browser.
    public func handle(ofBrowserAt side: SessionSide) -> SessionHandle.Role? {
        switch (self, side) {
        case (.echo(.webrtc), .caller): .caller
        case (.proxy(.webrtc, _), .caller): .caller
        case (.proxy(.rtp, .webrtc), .callee): .caller
        case (.proxy(.webrtc, .webrtc), .callee): .callee
        default: nil
        }
    }

    /// The handle on which is counted what flows to and from `side`. NoSIP counts nothing towards a phone: there it is the
    /// handle's other end, where what came from the phone goes out. Nil where there is no such side.
    public func counter(of side: SessionSide) -> (handle: SessionHandle.Role, isPhone: Bool)? {
        if let browser = handle(ofBrowserAt: side) { return (browser, false) }
        switch (self, side) {
        case (.echo(.rtp), .caller), (.proxy(.rtp, _), .caller), (.proxy(.webrtc, .rtp), .callee): return (.caller, true)
        case (.proxy(.rtp, .rtp), .callee): return (.callee, true)
        default: return nil
        }
    }

    /// The NoSIP handle whose PeerConnection the picture of `side` comes by: one can ask for a full one there. Nil where it comes as RTP,
    /// or from a plugin that has no need of it.
    public func pictureHandle(of side: SessionSide) -> SessionHandle.Role? {
        switch self {
        case .proxy(.rtp, .rtp): side == .caller ? .callee : .caller
        case .proxy(.webrtc, .rtp), .proxy(.rtp, .webrtc): handle(ofBrowserAt: side)
        case .echo, .proxy(.webrtc, .webrtc): nil
        }
    }

    /// The ways that an offer of `side` and the answer to it take through Janus; nil when that side has none to make.
    func paths(ofOfferBy side: SessionSide, isFirst: Bool) -> ExchangePaths? {
        switch (self, side) {
        case (.echo(.webrtc), .caller): ExchangePaths(offer: [.echo(.caller, tied: false)], answer: [])
        case (.echo(.rtp), .caller):
            ExchangePaths(offer: [.process(.caller), .echo(.echo, tied: true), .generate(.caller)], answer: [])
        case (.echo, .callee): nil
        case (.proxy(.rtp, .webrtc), .caller), (.proxy(.webrtc, .rtp), .callee):
            ExchangePaths(offer: [.process(.caller)], answer: [.generate(.caller)])
        case (.proxy(.webrtc, .rtp), .caller), (.proxy(.rtp, .webrtc), .callee):
            ExchangePaths(offer: [.generate(.caller)], answer: [.process(.caller)])
        case (.proxy(.webrtc, .webrtc), .caller):
            isFirst
                ? ExchangePaths(offer: [.call], answer: [.accept])
                : ExchangePaths(offer: [.update(.caller)], answer: [.update(.callee)])
        case (.proxy(.webrtc, .webrtc), .callee):
            isFirst ? nil : ExchangePaths(offer: [.update(.callee)], answer: [.update(.caller)])
        case (.proxy(.rtp, .rtp), .caller): ExchangePaths(from: .caller, to: .callee)
        case (.proxy(.rtp, .rtp), .callee): ExchangePaths(from: .callee, to: .caller)
        }
    }
}

/// The stages of an offer and of the answer to it. An echo answers itself: its answer has no stages of its own.
struct ExchangePaths: Sendable, Equatable {
    let offer: [MediaStage]
    let answer: [MediaStage]

    init(offer: [MediaStage], answer: [MediaStage]) {
        self.offer = offer
        self.answer = answer
    }

    /// Between two phones, each with a NoSIP handle of its own. The answer keeps its candidates: one of the two has to begin.
    init(from one: SessionHandle.Role, to other: SessionHandle.Role) {
        offer = [.process(one), .generate(other, tied: true)]
        answer = [.process(other), .generate(one)]
    }
}

/// One of the two ends of a session.
public enum SessionSide: String, Sendable, Equatable, CaseIterable {
    case caller, callee

    public var other: SessionSide { self == .caller ? .callee : .caller }
}

/// A Janus handle of a session: what it is for, and the plugin behind it.
public struct SessionHandle: Sendable, Equatable {
    public enum Role: String, Sendable, Hashable {
        case caller, callee, echo
    }

    public enum Plugin: Sendable, Equatable {
        case echoTest, noSIP, videoCall
    }

    public let role: Role
    public let plugin: Plugin

    public init(_ role: Role, _ plugin: Plugin) {
        self.role = role
        self.plugin = plugin
    }
}

/// One stage on a description's way through Janus.
///
/// A handle that is `tied` to another one of this Janus gets its description without candidates: with them, the answerer's
/// first DTLS ClientHello comes before the offerer is ready, and media starts a second late.
enum MediaStage: Sendable, Equatable {
    /// Plain SDP in, JSEP out.
    case process(SessionHandle.Role)
    /// JSEP in, plain SDP out.
    case generate(SessionHandle.Role, tied: Bool = false)
    /// JSEP offer in, JSEP answer out.
    case echo(SessionHandle.Role, tied: Bool)
    /// The caller's JSEP offer in, the called browser's out.
    case call
    /// The called browser's JSEP answer in, the caller's out.
    case accept
    /// A browser's later JSEP in at its handle, the other browser's out at the other one.
    case update(SessionHandle.Role)

    var isTied: Bool {
        switch self {
        case .generate(_, let tied), .echo(_, let tied): tied
        case .process, .call, .accept, .update: false
        }
    }
}
