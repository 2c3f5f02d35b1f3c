internal import BrowserAPI
internal import JSON
internal import ProxyCore

extension SessionFailure {
    /// What a client is told of it.
    var apiError: APIError {
        switch self {
        case .description(let error):
            APIError(error.sipStatus == 400 ? .invalidSDP : .noCommonCodec, error.reason)
        case .refused(let text): APIError(.mediaFailed, text)
        case .unavailable(let text): APIError(.mediaUnavailable, text)
        case .state(let text): APIError(.wrongState, text)
        case .unsupported(let text): APIError(.notSupported, text)
        case .recording(let text): APIError(.recordingFailed, text)
        }
    }
}

extension CallEnd {
    /// What a client is told whose request for this call was not answered before the call ended.
    var apiError: APIError {
        switch status {
        case 400: APIError(.invalidSDP, reason, sipStatus: status)
        case 404: APIError(.unknownDestination, reason, sipStatus: status)
        case 488: APIError(.noCommonCodec, reason, sipStatus: status)
        case 503: APIError(.mediaUnavailable, reason, sipStatus: status)
        default: APIError(.wrongState, "the call has ended: \(status) \(reason)", sipStatus: status)
        }
    }

    /// The body of a `hangup` event.
    var json: JSONValue {
        [
            "code": .integer(code), "reason": .string(reason), "sip_status": .integer(status),
            "by": .string(by.rawValue),
        ]
    }
}
