internal import Configuration
internal import Routing
internal import SIP

extension CallOrigin {
    /// What is known of the caller of an INVITE. Its own words count for as much as its sender is known and trusted.
    ///
    /// - Parameter trunk: The one that it comes by.
    init(
        _ invite: SIPIncomingInvite, source: CallSource, trunk: Trunk?, isUser: (String) -> Bool, displayName: (String) -> String?
    ) {
        let isClaimed = if case .trunk = source { false } else { true }
        let history = invite.diversion.map { Header(name: "Diversion", value: $0, isClaimed: isClaimed) }
            + invite.historyInfo.map { Header(name: "History-Info", value: $0, isClaimed: isClaimed) }
        let wantsPrivacy = !invite.privacy.isDisjoint(with: ["id", "user", "header"])
        switch source {
        case .user(let name):
            self.init(
                source: source, user: name, displayName: displayName(name) ?? invite.from.displayName,
                isPrivate: wantsPrivacy, history: history)
        case .trunk:
            let asserted = trunk?.isTrusted == true ? invite.assertedIdentities.first : nil
            let party = asserted ?? invite.from
            let written = CallOrigin.number(of: party)
            let number = trunk?.numbers.inboundCaller.normalise(written) ?? written
            self.init(
                source: source, user: trunk?.isTrusted == true ? number : CallOrigin.shown(number, from: party.host, isUser: isUser),
                displayName: party.displayName ?? (asserted == nil ? nil : invite.from.displayName),
                isPrivate: wantsPrivacy, history: history)
        case .anonymous:
            let from = invite.from
            self.init(
                source: source, user: CallOrigin.shown(CallOrigin.number(of: from), from: from.host, isUser: isUser),
                displayName: from.displayName, isPrivate: wantsPrivacy)
        }
    }

    /// What another node says of the caller of an INVITE that it hands on.
    init(_ invite: SIPIncomingInvite, fromNode source: CallSource) {
        let isClaimed = if case .trunk = source { false } else { true }
        let party = invite.assertedIdentities.first ?? invite.from
        self.init(
            source: source, user: party.user.isEmpty ? party.uri : party.user, displayName: party.displayName,
            isPrivate: !invite.privacy.isDisjoint(with: ["id", "user", "header"]),
            history: invite.diversion.map { Header(name: "Diversion", value: $0, isClaimed: isClaimed) }
                + invite.historyInfo.map { Header(name: "History-Info", value: $0, isClaimed: isClaimed) })
    }

    private static func number(of party: SIPParty) -> String {
        party.user.isEmpty ? party.uri : DialledNumber.plain(party.user)
    }

    /// Nobody is shown as one of our users who has not proven it, or is believed.
    private static func shown(_ user: String, from host: String, isUser: (String) -> Bool) -> String {
        isUser(user) ? "\(user)@\(host)" : user
    }
}
