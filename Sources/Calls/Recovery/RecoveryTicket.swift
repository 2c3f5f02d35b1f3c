internal import Configuration
internal import JSON
internal import Routing
internal import SDP
internal import SIP
internal import SIPNames

/// What another node needs to call the phone of a call whose node is gone, in that one's place: its dialog, and who it is.
///
/// A client has it, sealed by its node, from the answer on, and gives it to the node where it logs in afterwards.
struct RecoveryTicket: Equatable {
    /// Proxies between the gateway and the phone.
    static let mostRoutes = 16

    /// The node that had the call, the process that it was, and where it is reached.
    var issuer: String
    var instance: String
    var address: ListenAddress
    /// The phone's dialog: where it is called, by which way, and what the INVITE's Replaces has.
    var dialog: SIPDialog
    /// How the phone is shown.
    var party: CallParty
    /// What is proven of the phone.
    var source: CallSource
    /// The trunk that it was called by or calls by.
    var trunk: String?
    /// The node that has the phone, where it is not the one that is gone.
    var node: String?
    /// Whether its media is encrypted, as the route or the trunk wants it.
    var srtp: SRTPPolicy?
    /// Whether its route has it recorded.
    var isRecorded = false
    /// When it was made, in seconds since 1970.
    var time: Int

    /// Whether the call may still be there.
    ///
    /// - Parameter longest: How long a call may last, in seconds. The clocks of nodes differ by seconds.
    func isValid(at now: Int, longest: Int) -> Bool {
        let (age, isTooFar) = now.subtractingReportingOverflow(time)
        return !isTooFar && age >= -60 && age <= longest
    }
}

// Names are short: the ticket goes through a client.
extension RecoveryTicket {
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "issuer": .string(issuer), "instance": .string(instance), "address": .string(address.description),
            "call_id": .string(dialog.replaces.callID), "to_tag": .string(dialog.replaces.toTag), "from_tag": .string(dialog.replaces.fromTag),
            "target": .string(dialog.target), "routes": .array(dialog.routes.map(JSONValue.string)), "party": .string(party.id),
            "source": .string(source.nodeText), "record": .bool(isRecorded), "time": .integer(time),
        ]
        members["hop"] = dialog.hop.map { .string($0.description) }
        members["server"] = dialog.hop?.serverName.map(JSONValue.string)
        members["name"] = party.name.map(JSONValue.string)
        members["trunk"] = trunk.map(JSONValue.string)
        members["node"] = node.map(JSONValue.string)
        members["srtp"] = srtp.map { .string($0.rawValue) }
        return .object(members)
    }

    /// Nil where something is missing: another version of Tern has made it.
    init?(_ json: JSONValue) {
        func text(_ name: String) -> String? { json[name]?.stringValue }
        func place(_ name: String) -> ListenAddress? {
            let parts = (text(name) ?? "").split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2, let transport = ListenAddress.Transport(rawValue: parts[0]), let address = SocketAddress(parts[1]) else { return nil }
            return ListenAddress(transport: transport, address: address.address, port: address.port)
        }
        guard let issuer = text("issuer"), let instance = text("instance"), let address = place("address"), let callID = text("call_id"),
            let toTag = text("to_tag"), let fromTag = text("from_tag"), let target = text("target"), let party = text("party"), let source = text("source"),
            let time = json["time"]?.intValue, case .array(let values)? = json["routes"], values.count <= RecoveryTicket.mostRoutes
        else { return nil }
        let routes = values.compactMap(\.stringValue)
        guard routes.count == values.count else { return nil }
        let hop = place("hop").map { SIPHop(transport: $0.transport, address: $0.address, port: $0.port, serverName: text("server")) }
        self.init(
            issuer: issuer, instance: instance, address: address,
            dialog: SIPDialog(
                replaces: SIPReplaces(callID: callID, toTag: toTag, fromTag: fromTag), target: target, routes: routes, hop: hop, supportsReplaces: true),
            party: CallParty(id: party, name: text("name")), source: CallSource(nodeText: source), trunk: text("trunk"), node: text("node"),
            srtp: text("srtp").flatMap(SRTPPolicy.init), isRecorded: json["record"]?.boolValue ?? false, time: time)
    }
}
