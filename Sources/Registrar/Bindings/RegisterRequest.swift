/// What a REGISTER says, after its sender was authenticated and found to be allowed to register for `user` (RFC 3261 10.3,
/// steps 1 to 5, are not the registrar's).
public struct RegisterRequest: Sendable, Equatable {
    /// One Contact of the request.
    public struct Contact: Sendable, Equatable {
        /// The URI without angle brackets.
        public var uri: String
        /// Parameter `q` in thousandths.
        public var q: Int?
        /// Parameter `expires` in seconds; an hour where it is no number (RFC 3261 20.10).
        public var expires: Int?
        /// Parameter `+sip.instance` as it was written, without quotes (RFC 5626 4.1).
        public var instance: String?
        /// Parameter `reg-id` (RFC 5626 4.2).
        public var registrationID: Int?

        public init(
            _ uri: String, q: Int? = nil, expires: Int? = nil, instance: String? = nil, registrationID: Int? = nil
        ) {
            self.uri = uri
            self.q = q
            self.expires = expires
            self.instance = instance
            self.registrationID = registrationID
        }
    }

    /// The address of record, as the name of one of our users.
    public var user: String
    /// Without any, and without `isWildcard`, the request asks for what there is.
    public var contacts: [Contact]
    /// `Contact: *`.
    public var isWildcard = false
    /// Header Expires in seconds.
    public var expires: Int?
    public var callID: String
    public var cSeq: UInt32
    /// Header Path, the topmost URI first (RFC 3327).
    public var path: [String] = []
    /// The flow that the request came by, as an opaque text.
    public var flow: String
    /// Header User-Agent.
    public var userAgent: String?
    /// The address that the request came from, for people.
    public var received: String

    public init(
        user: String, contacts: [Contact] = [], isWildcard: Bool = false, expires: Int? = nil, callID: String, cSeq: UInt32,
        path: [String] = [], flow: String, userAgent: String? = nil, received: String = ""
    ) {
        self.user = user
        self.contacts = contacts
        self.isWildcard = isWildcard
        self.expires = expires
        self.callID = callID
        self.cSeq = cSeq
        self.path = path
        self.flow = flow
        self.userAgent = userAgent
        self.received = received
    }
}

extension RegisterRequest {
    /// What makes the request invalid in itself, as a phrase for a 400; nil when nothing does.
    func flaw(_ limits: RegistrarLimits) -> String? {
        if isWildcard, !contacts.isEmpty || expires != 0 { return "Contact * Goes Alone And With Expires 0" }
        guard isText(user, limits.textLength), isText(callID, limits.textLength), isText(flow, limits.textLength) else {
            return "Call-ID Too Long"
        }
        guard path.count <= limits.pathLength, path.allSatisfy({ isText($0, limits.uriLength) }) else { return "Path Too Long" }
        for contact in contacts {
            guard isText(contact.uri, limits.uriLength) else { return "Contact Too Long" }
            if let instance = contact.instance, !isText(instance, limits.textLength) { return "Instance Too Long" }
            if let q = contact.q, !(0...1_000).contains(q) { return "Contact With A Wrong q" }
        }
        return nil
    }

    /// Not empty, no longer than `length` bytes, without control characters.
    private func isText(_ text: String, _ length: Int) -> Bool {
        let bytes = text.utf8
        return (1...length).contains(bytes.count) && bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}

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
