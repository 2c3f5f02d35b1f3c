@testable import Routing
import SIP
import Testing

@Suite("What a registrar grants")
struct RegistrationGrantTests {
    static let contact = "sip:tern@192.0.2.1:5060;transport=tcp"

    private func seconds(_ contacts: [(String, Int?)], expires: Int? = nil) -> Int {
        var outcome = SIPClientOutcome(status: 200, phrase: "OK", isFromPeer: true)
        outcome.ownContact = Self.contact
        outcome.contacts = contacts.map { .init(uri: $0.0, expires: $0.1) }
        outcome.expires = expires
        return RegistrationGrant.seconds(outcome, asked: 3_600)
    }

    @Test("our own binding counts among others, though parameters were added, or case changed", arguments: [
        contact, contact + ";ob", "sip:tern@192.0.2.1:5060;TRANSPORT=TCP;rinstance=1",
    ])
    func own(uri: String) {
        #expect(seconds([("sip:other@192.0.2.9", 60), (uri, 120), ("sip:tern@192.0.2.77", 30)], expires: 900) == 120)
    }

    @Test("a binding that was rewritten is known by its user", arguments: [
        "sip:tern@198.51.100.7:1024;transport=tcp", "sip:tern@192.0.2.1:5060", "sips:tern@192.0.2.1", "sip:t%65rn@host.example",
    ])
    func rewritten(uri: String) {
        #expect(seconds([("sip:other@192.0.2.9", 60), (uri, 120)], expires: 900) == 120)
    }

    @Test("of several of our user, that which ends first counts")
    func several() {
        #expect(seconds([("sip:tern@192.0.2.7", 300), ("sip:tern@192.0.2.8", 90), ("sip:tern@192.0.2.9", nil)]) == 90)
    }

    @Test("the only binding is ours, whatever it is called")
    func only() {
        #expect(seconds([("sip:b2b-4711@198.51.100.7", 180)], expires: 900) == 180)
    }

    @Test("without a time of its own it is that of Expires, and without that what was asked for")
    func header() {
        #expect(seconds([], expires: 900) == 900)
        #expect(seconds([]) == 3_600)
        #expect(seconds([(Self.contact, nil)]) == 3_600)
        #expect(seconds([("sip:other@192.0.2.9", 60), ("tel:1", 30)], expires: 900) == 900)
        #expect(seconds([("sip:other@192.0.2.9", 60), ("sip:another@192.0.2.9", 30)]) == 3_600)
    }
}
