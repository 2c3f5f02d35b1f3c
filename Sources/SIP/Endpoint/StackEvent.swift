internal import CSofiaSIP
internal import EventLoop

/// An event of NUA that concerns a handle, copied out of its callback: none of Sofia's memory is referred to but the handle, which is a name.
enum StackEvent {
    /// On a handle that Sofia has made for it: it belongs to no leg.
    case outOfDialog(OutOfDialogEvent, handle: OpaquePointer)
    /// On the handle of a leg.
    case leg(SIPLegID, LegEvent, handle: OpaquePointer)
    /// A final response to a ``SIPClientRequest``, or what Sofia says in its place.
    case clientResponse(SIPLegID, SIPClientOutcome, StackResponse, handle: OpaquePointer)
}

/// What happens outside of dialogs.
enum OutOfDialogEvent {
    /// `refusal`: why it is refused whatever else it says.
    indirect case invite(SIPIncomingInvite, IncomingMessage, refusal: SIPRefusal?)
    /// The failure is why it is refused.
    indirect case register(Result<SIPIncomingRegister, SIPRefusal>, HeldRequest)
    case options(HeldRequest)
    /// A request that Tern does not serve outside of dialogs, and the status that says so.
    case unserved(HeldRequest, status: Int)
    /// Nothing is to be answered: Sofia has done so, or it is not a request.
    case over
}

/// What happens to a leg.
enum LegEvent {
    case invite(IncomingMessage?)
    /// The request is nil where Sofia has answered it.
    case update(IncomingMessage?, HeldRequest?)
    case prack(IncomingMessage?, HeldRequest)
    case info(IncomingMessage, HeldRequest)
    /// The failure is why it is refused.
    indirect case refer(Result<SIPTransferRequest, SIPRefusal>, IncomingMessage, HeldRequest)
    case options(HeldRequest)
    /// A request that is not served.
    case unserved(HeldRequest)
    case cancel(SIPReason?)
    case acknowledgement(IncomingMessage?)
    case bye(SIPReason?)
    case response(StackResponse)
    /// Sofia has ended the dialog or the call.
    case terminated(status: Int)
    /// Sofia has given up waiting for something.
    case error(status: Int, phrase: String)
}

/// A response to a request of ours, or what Sofia says in its place.
struct StackResponse {
    enum Method: String {
        case invite = "INVITE"
        case bye = "BYE"
        case update = "UPDATE"
        case prack = "PRACK"
        case info = "INFO"
        /// A NOTIFY within a dialog, or a PUBLISH outside: Sofia has one event for both.
        case other = ""
        case register = "REGISTER"
        case options = "OPTIONS"
    }

    let method: Method
    /// From 900 on for Sofia's own troubles.
    let status: Int
    let phrase: String
    /// Nil where Sofia has no response of a peer.
    let message: IncomingMessage?
    /// Whether Sofia says it by itself, and no peer.
    let isLocal: Bool

    /// ``status`` as a SIP status: 503 for Sofia's own troubles.
    var sipStatus: Int { status < 700 ? status : 503 }
    /// What a 401 or 407 asks for.
    var challenges: [String] { message?.challenges ?? [] }
}

extension SIPStack {
    /// An event as the callback has it.
    struct CallbackArguments {
        let event: nua_event_t
        let status: Int
        let phrase: String
        let nua: OpaquePointer?
        let handle: OpaquePointer?
        /// The number that the handle was bound to; 0 when it was to none.
        let leg: UInt
        let sip: UnsafePointer<sip_t>?
    }

    /// Copies an event; nil for one that says nothing to anyone.
    func copy(_ arguments: CallbackArguments) -> StackEvent? {
        guard let handle = arguments.handle else { return nil }
        let message = arguments.sip.map { IncomingMessage($0, bodyLimit: bodyLimit) }
        guard arguments.leg != 0 else { return .outOfDialog(outOfDialogEvent(arguments, message), handle: handle) }
        let id = SIPLegID(number: arguments.leg)
        switch arguments.event {
        case nua_r_register, nua_r_options:
            guard arguments.status >= 200 else { return nil }
            let response = response(arguments.event == nua_r_register ? .register : .options, arguments, message)
            let outcome = SIPClientOutcome(
                status: arguments.status, phrase: arguments.phrase, arguments.sip, isFromPeer: !response.isLocal)
            return .clientResponse(id, outcome, response, handle: handle)
        default:
            return legEvent(arguments, message).map { .leg(id, $0, handle: handle) }
        }
    }

    private func outOfDialogEvent(_ arguments: CallbackArguments, _ message: IncomingMessage?) -> OutOfDialogEvent {
        // From 200 on, Sofia has answered it already.
        guard arguments.status < 200, let sip = arguments.sip else { return .over }
        if arguments.event == nua_i_invite {
            guard let message else { return .over }
            let invite = SIPIncomingInvite(sip, sdp: message.sdp, flow: flow(sip, message: nua_current_request(arguments.nua)))
            return .invite(invite, message, refusal: SIPStack.refusal(of: invite, sip.pointee))
        }
        guard arguments.event.isRequest, let request = HeldRequest(current: arguments.nua) else { return .over }
        switch arguments.event {
        case nua_i_register:
            return .register(SIPIncomingRegister.read(sip, flow: flow(sip, message: nua_current_request(arguments.nua))), request)
        case nua_i_options: return .options(request)
        // Nobody calls on behalf of somebody with whom there is no call.
        case nua_i_info where SIPStack.isRefer(sip): return .unserved(request, status: 403)
        // Sofia lets INFO in without a dialog (RFC 6086 section 4.2 does not).
        case nua_i_info, nua_i_update, nua_i_prack: return .unserved(request, status: 481)
        default: return .unserved(request, status: 501)
        }
    }

    private static func refusal(of invite: SIPIncomingInvite, _ sip: sip_t) -> SIPRefusal? {
        if let malformed = SIPRefusal.first(in: sip, of: ["replaces"]) { return malformed }
        // Sofia lets one without a tag through.
        guard sip.sip_replaces != nil, invite.replaces == nil else { return nil }
        return SIPRefusal(status: 400, phrase: "Bad Replaces Header")
    }

    private func legEvent(_ arguments: CallbackArguments, _ message: IncomingMessage?) -> LegEvent? {
        // From 200 on, Sofia has answered a request already.
        var request: HeldRequest? { arguments.status < 200 ? HeldRequest(current: arguments.nua) : nil }
        switch arguments.event {
        case nua_i_invite: return .invite(message)
        case nua_i_update: return .update(message, HeldRequest(current: arguments.nua))
        case nua_i_prack: return request.map { .prack(message, $0) }
        case nua_i_info:
            guard let sip = arguments.sip, let message, let request else { return nil }
            return SIPStack.isRefer(sip) ? .refer(SIPTransferRequest.read(sip), message, request) : .info(message, request)
        case nua_i_options: return request.map { .options($0) }
        case nua_i_cancel: return .cancel(message?.reason)
        case nua_i_ack: return .acknowledgement(message)
        case nua_i_bye: return .bye(message?.reason)
        case nua_i_terminated: return .terminated(status: arguments.status)
        case nua_i_error: return .error(status: arguments.status, phrase: arguments.phrase)
        case nua_r_invite: return .response(response(.invite, arguments, message))
        case nua_r_bye: return .response(response(.bye, arguments, message))
        case nua_r_update: return .response(response(.update, arguments, message))
        case nua_r_prack: return .response(response(.prack, arguments, message))
        case nua_r_info: return .response(response(.info, arguments, message))
        case nua_r_method: return .response(response(.other, arguments, message))
        default: return arguments.event.isRequest ? request.map { .unserved($0) } : nil
        }
    }

    private func response(_ method: StackResponse.Method, _ arguments: CallbackArguments, _ message: IncomingMessage?) -> StackResponse {
        let isLocal = arguments.sip == nil || SofiaURI.source(of: nua_current_request(arguments.nua)) == nil
        return StackResponse(method: method, status: arguments.status, phrase: arguments.phrase, message: message, isLocal: isLocal)
    }

    /// Sofia takes a REFER for an INFO (CSofiaSIP.c).
    private static func isRefer(_ sip: UnsafePointer<sip_t>) -> Bool {
        SofiaText.field(sip.pointee.sip_request?.pointee.rq_method_name, limit: 8) == "REFER"
    }

    func flow(_ sip: UnsafePointer<sip_t>, message: OpaquePointer?) -> SIPFlow? {
        // A Via says what its sender likes; over a listener with TLS there is nothing else.
        SofiaURI.flow(sip, message: message, at: address, port: port, over: tls == nil ? nil : .tls)
    }
}

extension nua_event_t {
    /// Whether it is a request that `nua_respond` answers by its message.
    fileprivate var isRequest: Bool {
        switch self {
        case nua_i_update, nua_i_prack, nua_i_info, nua_i_options, nua_i_register, nua_i_refer, nua_i_publish, nua_i_message, nua_i_subscribe,
            nua_i_subscription, nua_i_notify, nua_i_method:
            true
        default:
            false
        }
    }
}

/// A request that waits for its response: keeps Sofia's message alive, which names it in `nua_respond`.
@LoopActor
final class HeldRequest {
    let message: OpaquePointer

    convenience init?(current nua: OpaquePointer?) { self.init(nua_current_request(nua)) }

    init?(_ message: OpaquePointer?) {
        guard let message, let kept = msg_ref_create(message) else { return nil }
        self.message = kept
    }

    isolated deinit {
        msg_destroy(message)
    }
}
