internal import BrowserAPI
internal import ProxyCore
internal import SIP

/// Why a transfer is not even tried.
struct TransferRefusal: Error {
    let status: Int
    let reason: String

    init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    init(_ end: CallEnd) { self.init(end.sipResponse.status, end.reason) }

    static let another = TransferRefusal(491, "another transfer of this call is under way")
    static let notEstablished = TransferRefusal(491, "the call is not answered")
    static let nobody = TransferRefusal(403, "there is nobody to be transferred")
    static let notYours = TransferRefusal(403, "that dialog is somebody else's")
    static let sameCall = TransferRefusal(403, "both dialogs are of one call")
    static let overload = TransferRefusal(503, "no room for another call")

    var response: SIPResponse {
        SIPResponse(status: status, warning: reason, retryAfter: status == 503 ? 5 : nil)
    }

    var apiError: APIError {
        switch status {
        case 404: APIError(.unknownDestination, reason)
        case 503: APIError(.tooManySessions, reason)
        default: APIError(.wrongState, reason)
        }
    }
}
