internal import CSofiaSIP

extension SofiaText {
    /// Each challenge as it came: the scheme, and its parameters in their order.
    static func challenges(_ first: UnsafeMutablePointer<msg_auth_t>?) -> [String] {
        var values: [String] = []
        var next = first
        while let challenge = next, values.count < SIPChallenge.most {
            values.append(text(of: challenge.pointee))
            next = challenge.pointee.au_next
        }
        return values
    }

    private static let mostParameters = 32

    private static func text(of challenge: msg_auth_t) -> String {
        var parameters: [String] = []
        if let list = challenge.au_params {
            while parameters.count < mostParameters, let parameter = list[parameters.count] {
                parameters.append(field(parameter))
            }
        }
        return "\(field(challenge.au_scheme, limit: 64)) \(parameters.joined(separator: ", "))"
    }
}
