/// `transfer_call`: hands the other side over, to a destination or to the other side of a second call.
public struct TransferCall: Sendable, Equatable {
    public enum Target: Sendable, Equatable {
        case dest(String)
        /// The second call of an attended transfer.
        case call(String)
    }

    public var callID: String
    public var target: Target

    public init(callID: String, target: Target) {
        self.callID = callID
        self.target = target
    }
}

extension TransferCall {
    init(_ fields: Fields) throws(APIError) {
        let callID = try fields.callID()
        switch (try fields.optionalText("dest", bytes: 1...1_024), try fields.optionalCallID("other_call_id")) {
        case (let dest?, nil): self.init(callID: callID, target: .dest(dest))
        case (nil, let other?): self.init(callID: callID, target: .call(other))
        case (nil, nil): throw APIError(.missingField, "one of `dest`, `other_call_id` is missing")
        case (_?, _?): throw APIError(.invalidField, "`dest` and `other_call_id` exclude each other")
        }
    }
}
