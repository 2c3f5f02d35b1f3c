/// What a peer asks for in an INFO: a key that was pressed, or a picture (RFC 6086 names these uses; none has an info package).
public enum SIPInfo: Hashable, Sendable {
    case digit(SIPDigit, SIPDigit.Form)
    /// The peer requests a keyframe (RFC 5168).
    case pictureFastUpdate

    /// What an INFO says.
    enum Reading: Equatable {
        case understood(SIPInfo)
        /// It is well formed, and asks for nothing that a gateway can do.
        case idle
        case malformed
        /// A body that is none of these.
        case unknown
    }

    /// Reads the body of an INFO.
    ///
    /// - Parameter contentType: In lower case, without parameters.
    static func read(contentType: String, body: String) -> Reading {
        if let form = SIPDigit.Form(rawValue: contentType) {
            return SIPDigit(body: body).map { .understood(.digit($0, form)) } ?? .malformed
        }
        guard contentType == pictureType else { return .unknown }
        if body.contains("picture_fast_update") { return .understood(.pictureFastUpdate) }
        return body.contains("media_control") ? .idle : .malformed
    }

    static let pictureType = "application/media_control+xml"

    public var contentType: String {
        switch self {
        case .digit(_, let form): form.rawValue
        case .pictureFastUpdate: SIPInfo.pictureType
        }
    }

    public var body: String {
        switch self {
        case .digit(let digit, .relay): "Signal=\(digit.character)\r\nDuration=\(digit.duration ?? SIPDigit.usualDuration)\r\n"
        case .digit(let digit, .plain): "\(digit.character)"
        case .pictureFastUpdate:
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<media_control><vc_primitive><to_encoder>"
                + "<picture_fast_update/></to_encoder></vc_primitive></media_control>\r\n"
        }
    }
}
