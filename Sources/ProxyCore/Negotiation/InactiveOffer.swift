import SDP

/// Offers to a browser in which a line is `inactive`, as in a hold. Janus 1.1.2 takes another SSRC for a line that it offers so; when the browser declines
/// the offer, it does not know that SSRC and hears nothing more. So Janus is told `sendonly`, and the browser what is meant. What flows is the media
/// engine's business in any case.
enum InactiveOffer {
    /// The offer for Janus.
    static func opened(_ inner: String) throws(NegotiationError) -> String {
        guard inner.contains("a=inactive") else { return inner }
        var session = try SessionDescription(negotiating: inner)
        for index in session.media.indices where session.isInactive(index) { session.media[index].set(.sendonly) }
        return session.text
    }

    /// What Janus has made of it, for the browser.
    static func closed(_ generated: String, like inner: String) throws(NegotiationError) -> String {
        guard inner.contains("a=inactive") else { return generated }
        let meant = try SessionDescription(negotiating: inner)
        var session = try SessionDescription(negotiating: generated)
        for index in session.media.indices where meant.media.indices.contains(index) && meant.isInactive(index) {
            session.media[index].set(.inactive)
        }
        return session.text
    }
}

extension SessionDescription {
    fileprivate func isInactive(_ index: Int) -> Bool { media[index].port != 0 && direction(of: media[index]) == .inactive }
}

extension MediaDescription {
    fileprivate mutating func set(_ direction: Direction) {
        attributes.removeAll { if case .direction = $0 { true } else { false } }
        attributes.append(.direction(direction))
    }
}
