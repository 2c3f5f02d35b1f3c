public import EventLoop

/// The answer that a REGISTER waits for.
///
/// Where the core never gives it, 503 is sent after ``SIPEndpointConfiguration/decisionLimit``.
@LoopActor
public final class SIPRegisterReply {
    private weak var endpoint: SIPEndpoint?
    private let number: UInt

    init(_ endpoint: SIPEndpoint, number: UInt) {
        self.endpoint = endpoint
        self.number = number
    }

    /// Sends the response; a second one, or one that comes too late, is dropped.
    ///
    /// - Parameters:
    ///   - response: 200 to 699 as they are, anything else as 500.
    ///   - contacts: Values of the Contact header, one each: `<sip:alice@192.0.2.1>;expires=3600`.
    public func respond(_ response: SIPResponse, contacts: [String] = []) {
        endpoint?.answerRegister(number, response, contacts: contacts)
    }
}
