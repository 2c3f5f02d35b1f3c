/// Where a leg stands. What is known in a state is in its case, and nowhere else.
enum LegState: Equatable {
    /// Called: the INVITE came and the core has not said anything yet.
    case offered(remote: String?)
    /// Called: 101 to 199 went out.
    case ringing(remote: String?, Early)
    /// Called: the core has answered, and our 200 waits for the PRACK to what went out before.
    case answering(Answer)
    /// Called: 200 went out, the ACK is awaited.
    case answered(Answer)
    /// As `answered`, but the core wants it to end: no BYE before the ACK (RFC 3261 section 15).
    case leavingOnceAcknowledged(SIPReason?)
    /// Calling: the INVITE went out; `ringing` after 101 to 199.
    case calling(local: String?, ringing: Bool, forks: Forks)
    /// Calling: 2xx came with an offer, and the core owes the answer that the ACK carries.
    case acknowledging(remote: String?)
    /// Calling: the core gave up before the final response.
    case cancelling
    case established(Descriptions, Exchange)
    /// BYE went out.
    case ending
    case gone

    /// The session descriptions in force.
    struct Descriptions: Equatable {
        var local: String?
        var remote: String?
    }

    /// The core's answer to the call, until the peer has acknowledged it.
    struct Answer: Equatable {
        var descriptions: Descriptions
        /// Whether the ACK brings the answer to our offer.
        var answerDue = false
        /// An offer of the core's that goes out after the ACK: no re-INVITE goes before it (RFC 3261 section 14.1).
        var offer: Offer?
    }

    /// An offer of ours; without SDP it asks the peer for one.
    struct Offer: Equatable {
        let sdp: String?
    }

    /// What went out before the answer.
    struct Early: Equatable {
        /// The description that the last response with any had.
        var sdp: String?
        var awaitsPrack = false
        /// What goes out after the PRACK.
        var waiting: Provisional?
        /// Whether the response that waits for its PRACK has the answer to the caller's offer.
        var carriesAnswer = false
        /// Whether the caller has acknowledged the answer to its offer: it may offer again (RFC 3262 section 5, RFC 3311 section 5.1).
        var isAgreed = false
        /// That further offer, while the core decides.
        var offer: EarlyOffer?
    }

    /// An offer before the call is answered that the core has not decided about.
    struct EarlyOffer: Equatable {
        enum Method: Equatable {
            case update, prack
        }

        let method: Method
        let sdp: String
    }

    struct Provisional: Equatable {
        var status: Int
        var sdp: String?
    }

    /// What each early dialog said: a proxy may have forked our INVITE, and the fork that answers counts (RFC 6337 section 2).
    struct Forks: Equatable {
        /// More forks than this are not told apart.
        static let most = 32
        private var descriptions: [String: String] = [:]
        /// The fork whose answer came reliably: it may offer again (RFC 3311 section 5.1).
        private(set) var agreed: String?
        /// That further offer, while the core decides.
        var offer: String?

        /// The description that the early dialog with this To tag brought last.
        subscript(tag: String) -> String? { descriptions[tag] }

        mutating func note(_ sdp: String?, from tag: String, isReliable: Bool = false) {
            guard let sdp, descriptions[tag] != nil || descriptions.count < Forks.most else { return }
            descriptions[tag] = sdp
            if isReliable, agreed == nil { agreed = tag }
        }

        /// The further offer has its answer.
        mutating func agree() {
            note(offer, from: agreed ?? "")
            offer = nil
        }
    }

    /// The offer/answer exchange that is under way within the dialog (RFC 3264, RFC 6337).
    enum Exchange: Equatable {
        case idle
        /// The peer's re-INVITE or UPDATE waits for the core's answer.
        case offeredToUs(OfferMethod, sdp: String?)
        /// Our 200 to a re-INVITE waits for its ACK.
        case accepted(answerDue: Bool)
        /// Our re-INVITE waits for its final response.
        case offeredByUs(sdp: String?)
        /// Our re-INVITE refreshes the session timer with the description that stands.
        case refreshing
        /// The 2xx to our re-INVITE without SDP brought an offer; the core owes the answer.
        case acknowledging(remote: String?)
    }

    enum OfferMethod: Equatable {
        case invite, update
    }
}
