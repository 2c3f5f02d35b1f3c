/// What becomes of a REGISTER.
public enum RegisterOutcome: Sendable, Equatable {
    /// 200 with all bindings that the user has now, the most recent first, as Contacts with `expires`.
    case accepted(bindings: [Binding], changes: [BindingChange])
    /// 423 with Min-Expires, in seconds.
    case intervalTooBrief(minimum: Int)
    /// 400: what is wrong with the request, for its phrase or a Warning.
    case badRequest(reason: String)
    /// 500: a request of the same Call-ID with the same or a higher CSeq was carried out before (RFC 3261 10.3, steps 6 and 7).
    case outOfOrder
    /// 403: the user would have more contacts than one may have.
    case tooManyContacts(limit: Int)
    /// 503: the registrar holds as many users or bindings as it may.
    case full

    /// The status of the response.
    public var status: Int {
        switch self {
        case .accepted: 200
        case .intervalTooBrief: 423
        case .badRequest: 400
        case .outOfOrder: 500
        case .tooManyContacts: 403
        case .full: 503
        }
    }

    /// The phrase of the response, ASCII without anything that came with the request.
    public var phrase: String {
        switch self {
        case .accepted: "OK"
        case .intervalTooBrief: "Interval Too Brief"
        case .badRequest(let reason): reason
        case .outOfOrder: "CSeq Out Of Order"
        case .tooManyContacts(let limit): "More Than \(limit) Contacts"
        case .full: "Registrar Full"
        }
    }
}
