internal import CSofiaSIP

/// An event of NUA, copied out of its callback: none of Sofia's memory is referred to but the handle, which is a name.
struct StackEvent {
    /// The events that the endpoint knows.
    enum Kind {
        case invite, cancel, acknowledgement, bye, update, prack, info, options, register, refer, otherRequest
        case inviteResponse, byeResponse, updateResponse, prackResponse, infoResponse, notifyResponse, otherResponse
        /// To a ``SIPClientRequest``.
        case clientResponse
        case terminated, error, shutdown
        case ignored

        init(_ event: nua_event_t) {
            switch event {
            case nua_i_invite: self = .invite
            case nua_i_cancel: self = .cancel
            case nua_i_ack: self = .acknowledgement
            case nua_i_bye: self = .bye
            case nua_i_update: self = .update
            case nua_i_prack: self = .prack
            case nua_i_info: self = .info
            case nua_i_options: self = .options
            case nua_i_register: self = .register
            case nua_i_refer, nua_i_publish, nua_i_message, nua_i_subscribe, nua_i_subscription,
                nua_i_notify, nua_i_method:
                self = .otherRequest
            case nua_r_invite: self = .inviteResponse
            case nua_r_bye: self = .byeResponse
            case nua_r_update: self = .updateResponse
            case nua_r_prack: self = .prackResponse
            case nua_r_info: self = .infoResponse
            case nua_r_method: self = .notifyResponse
            case nua_r_register, nua_r_options: self = .clientResponse
            case nua_r_cancel: self = .otherResponse
            case nua_i_terminated: self = .terminated
            case nua_i_error: self = .error
            case nua_r_shutdown: self = .shutdown
            default: self = .ignored
            }
        }
    }

    let kind: Kind
    let status: Int
    let phrase: String
    /// Sofia's handle; nil for events of the whole stack.
    let handle: OpaquePointer?
    /// The leg that the handle was bound to; nil when it belongs to none.
    let leg: SIPLegID?
    let message: IncomingMessage?
    /// Whether Sofia says it by itself, and no peer.
    let isLocal: Bool
    /// For an INVITE outside a dialog.
    let invite: SIPIncomingInvite?
    /// For a request that is answered with `nua_respond` by its message.
    let request: HeldRequest?
    /// For a REGISTER outside a dialog; the failure is why it is refused.
    let register: Result<SIPIncomingRegister, SIPRefusal>?
    /// For a REFER.
    let transfer: Result<SIPTransferRequest, SIPRefusal>?
    /// Why an INVITE outside a dialog is refused whatever else it says.
    let refusal: SIPRefusal?
    /// For a final response to a ``SIPClientRequest``.
    let outcome: SIPClientOutcome?
}
