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

    /// The way of the caller's offer through Janus, to the called party's offer (proxy) or to the caller's answer (echo).
    var offerPath: [MediaStage] {
        switch self {
        case .echo(.webrtc): [.echo]
        case .echo(.rtp): [.process(.caller), .hairpin, .echo, .generate(.caller)]
        case .proxy(.rtp, .webrtc): [.process(.caller)]
        case .proxy(.webrtc, .rtp): [.generate(.caller)]
        case .proxy(.webrtc, .webrtc): [.call]
        case .proxy(.rtp, .rtp): [.process(.caller), .hairpin, .generate(.callee)]
        }
    }

    /// The way of the called party's answer through Janus, to the caller's answer.
    var answerPath: [MediaStage] {
        switch self {
        case .echo: []
        case .proxy(.rtp, .webrtc): [.generate(.caller)]
        case .proxy(.webrtc, .rtp): [.process(.caller)]
        case .proxy(.webrtc, .webrtc): [.accept]
        case .proxy(.rtp, .rtp): [.process(.callee), .hairpin, .generate(.caller)]
        }
    }
}

/// One of the two ends of a session.
public enum SessionSide: String, Sendable, Equatable, CaseIterable {
    case caller, callee
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
enum MediaStage: Sendable, Equatable {
    /// Plain SDP in, JSEP out.
    case process(SessionHandle.Role)
    /// JSEP in, plain SDP out.
    case generate(SessionHandle.Role)
    /// JSEP offer in, JSEP answer out.
    case echo
    /// The caller's JSEP offer in, the called browser's out.
    case call
    /// The called browser's JSEP answer in, the caller's out.
    case accept
    /// The candidates are taken out, because the description goes from one handle of this Janus to another: with them
    /// the answerer's first DTLS ClientHello comes before the offerer is ready, and media starts a second late.
    case hairpin
}
