@testable import Configuration
@testable import Routing
import SIPNames
import Testing

@Suite("What is said of a caller")
struct OutgoingIdentityTests {
    private let alice = CallOrigin(source: .user("alice"), user: "alice", displayName: "Älice \"A\"")

    private func trunk(trusted: Bool, rule: CallerIDRule = .pass) -> Trunk {
        var trunk = Trunk(name: "carrier", targets: [TrunkTarget(host: "192.0.2.1")])
        trunk.isTrusted = trusted
        trunk.callerID = rule
        return trunk
    }

    private func hidden() -> CallOrigin {
        var origin = alice
        origin.isPrivate = true
        origin.history = [.init(name: "Diversion", value: "<sip:bob@example.org>")]
        return origin
    }

    @Test("a phone is told who calls")
    func plain() {
        let identity = OutgoingIdentity(of: alice, keepsHistory: true)
        #expect(identity.fromUser == "alice" && identity.displayName == "Älice \"A\"" && identity.fromHost == nil)
        #expect(identity.headers.isEmpty)
    }

    @Test("a phone is not told what the caller withholds, nor who diverted the call")
    func hiddenFromPhones() {
        let identity = OutgoingIdentity(of: hidden(), keepsHistory: true)
        #expect(identity.fromUser == "anonymous" && identity.fromHost == "anonymous.invalid")
        #expect(identity.displayName == "Anonymous" && identity.headers.isEmpty)
        #expect(hidden().party == CallParty(id: "anonymous", name: nil))
    }

    @Test("another node is told who calls, also when nobody else may know")
    func node() {
        let identity = OutgoingIdentity(toNode: alice, domain: "tern.example.org")
        #expect(identity.fromUser == "alice" && identity.fromHost == nil && identity.displayName == alice.displayName)
        #expect(identity.headers.map(\.name) == ["P-Asserted-Identity"])
        #expect(identity.headers[0].value == #""Älice \"A\"" <sip:alice@tern.example.org>"#)
        let withheld = OutgoingIdentity(toNode: hidden(), domain: "tern.example.org")
        #expect(withheld.fromUser == "anonymous" && withheld.fromHost == "anonymous.invalid")
        #expect(withheld.headers.map(\.name) == ["P-Asserted-Identity", "Privacy", "Diversion"])
    }

    @Test("a trunk that is not trusted gets no assertion and nothing of what is withheld, but hears that something is")
    func untrusted() {
        let identity = OutgoingIdentity(of: alice, to: trunk(trusted: false), domain: "example.org")
        #expect(identity.fromUser == "alice" && identity.headers.isEmpty)
        let secret = OutgoingIdentity(of: hidden(), to: trunk(trusted: false), domain: "example.org")
        #expect(secret.fromUser == "anonymous" && secret.headers == [.init(name: "Privacy", value: "id")])
    }

    @Test("a trusted trunk is told who calls, and that nobody else may know")
    func trusted() {
        let identity = OutgoingIdentity(of: hidden(), to: trunk(trusted: true), domain: "example.org")
        #expect(identity.fromUser == "anonymous" && identity.fromHost == "anonymous.invalid")
        #expect(
            identity.headers == [
                .init(name: "P-Asserted-Identity", value: #""Älice \"A\"" <sip:alice@example.org>"#),
                .init(name: "Privacy", value: "id"),
                .init(name: "Diversion", value: "<sip:bob@example.org>"),
            ])
    }

    @Test("what a phone says of itself in Diversion goes to a trunk only where the configuration says so; what Tern adds always goes")
    func claims() {
        var origin = CallOrigin(source: .user("alice"), user: "alice")
        let said = CallOrigin.Header(name: "Diversion", value: "<sip:premium@example.org>", isClaimed: true)
        let added = CallOrigin.Header(name: "Diversion", value: "<sip:alice@example.org>;reason=unconditional;counter=1")
        origin.history = [added, said]
        for isTrusted in [false, true] {
            var carrier = trunk(trusted: isTrusted)
            #expect(OutgoingIdentity(of: origin, to: carrier, domain: "example.org").headers.filter { $0.name == "Diversion" } == [added])
            carrier.takesUserDiversion = true
            #expect(OutgoingIdentity(of: origin, to: carrier, domain: "example.org").headers.filter { $0.name == "Diversion" } == [added, said])
        }
        #expect(OutgoingIdentity(of: origin, keepsHistory: true).headers == [added, said])
    }

    @Test("who diverted the call is passed on")
    func history() {
        var origin = alice
        origin.history = [.init(name: "History-Info", value: "<sip:x@example.org>;index=1")]
        #expect(OutgoingIdentity(of: origin, keepsHistory: true).headers == origin.history)
        #expect(OutgoingIdentity(of: origin, keepsHistory: false).headers.isEmpty)
        #expect(OutgoingIdentity(of: origin, to: trunk(trusted: false), domain: "example.org").headers == origin.history)
    }

    @Test("a name-addr keeps a display name within its quotes, and a user within its part")
    func nameAddress() {
        #expect(NameAddress(user: "a b", host: "h", displayName: "x\"\\\r\ny").text == #""x\"\\y" <sip:a%20b@h>"#)
        #expect(NameAddress(user: "", host: "h", displayName: nil).text == "<sip:h>")
    }
}
