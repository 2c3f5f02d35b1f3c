@testable import Configuration
@testable import Routing
import Testing

@Suite struct RouteExplanationTests {
    private static let text = """
        sip: {domain: example.org}
        users: [{name: alice, password: x, display_name: "Alice \\"A\\""}, {name: bob, password: y}]
        trunks:
          - name: carrier
            targets: [sip:sip1.carrier.example, 'sip:192.0.2.9;transport=tcp', sips:sip3.carrier.example]
            from_addresses: [192.0.2.0/24, '2001:db8::/32']
            caller_id: "+493012{user}"
            from_domain: carrier.example
            trusted: true
            maximum_calls: 5
            numbers:
              inbound_dialled: [{match: '+493012*', to: '{1}'}]
              inbound_caller: [{match: '00*', to: '+{1}'}]
              outbound_dialled: [{match: '+49*', to: '0{1}'}]
        routes:
          - {match: echo, to: echo}
          - {match: "00*", domain: other.example, to: echo}
          - {match: "00*", to: ["trunk carrier +{1}", "sip sip:{user}@192.0.2.10:5060", reject 503 Try later]}
          - {match: "*", from: [user, trunk], to: user}
        """

    private func explain(_ from: String, _ to: String, caller: String? = nil) throws -> RouteExplanation {
        let loaded = try ConfigurationReader.load(text: Self.text, host: .usual)
        let table = RoutingTable(loaded.configuration, places: loaded.routePlaces)
        return RouteExplanation(table, try RoutingQuery(from: from, to: to, caller: caller, table: table))
    }

    @Test("it says where a route has its calls recorded", arguments: [true, false])
    func recorded(isRecorded: Bool) throws {
        let configuration = try ConfigurationReader.load(text: "routes: [{match: echo, to: echo, record: \(isRecorded)}]", host: .usual).configuration
        let table = RoutingTable(configuration)
        let text = RouteExplanation(table, try RoutingQuery(from: "user:alice", to: "echo", caller: nil, table: table)).text
        #expect(text.hasSuffix("The call is recorded.") == isRecorded)
    }

    @Test("a trunk whose calls come in under a domain has no others")
    func domains() throws {
        let text = "trunks: [{name: pbx, targets: sip:h, from_addresses: 192.0.2.1, domains: example.org}]"
        let configuration = try ConfigurationReader.load(text: text, host: .usual).configuration
        func source(_ to: String) throws -> CallSource {
            try RoutingQuery(from: "trunk:pbx", to: to, caller: nil, table: RoutingTable(configuration)).request.source
        }
        #expect(try source("sip:1@example.org") == .trunk("pbx"))
        #expect(try source("sip:1@192.0.2.2") == .anonymous)
    }

    @Test("it says which route decides, why others did not, and what would be sent where")
    func whole() throws {
        let explanation = try explain("user:alice", "00493044")
        #expect(explanation.isReached)
        #expect(explanation.text == """
            user alice dials 00493044 in example.org

              1 route is for other numbers
              tern.yaml:17:13: 00* to echo
                is for other.example, not for example.org
              tern.yaml:18:13: 00* to trunk carrier +{1}, sip sip:{user}@192.0.2.10:5060, reject 503 Try later
                takes the call

            The call goes to the first of these that takes it:
              1. trunk carrier
                   INVITE sip:03044@sip1.carrier.example as NAPTR and SRV records say, else over UDP
                   then   sip:03044@192.0.2.9;transport=tcp over TCP
                   then   sips:03044@sip3.carrier.example over TLS
                   From: "Alice \\"A\\"" <sip:+493012alice@carrier.example>
                   P-Asserted-Identity: "Alice \\"A\\"" <sip:+493012alice@carrier.example>
                   the next target after 408, 5xx or 8 s of silence
                   as long as it has fewer than 5 calls
              2. INVITE sip:00493044@192.0.2.10:5060
                   over UDP
                   From: "Alice \\"A\\"" <sip:alice@example.org>
              3. a response: 503 Try later
            """)
    }

    @Test("a call of a trunk is told in our notation, by its name or by its address", arguments: ["trunk:carrier", "192.0.2.77", "[2001:db8::5]"])
    func inbound(from: String) throws {
        let explanation = try explain(from, "+493012bob", caller: "0044")
        #expect(explanation.isReached)
        #expect(explanation.text.contains("trunk carrier dials bob in example.org"))
        #expect(explanation.text.contains("+493012bob becomes bob by numbers.inbound_dialled"))
        #expect(explanation.text.contains("the caller 0044 becomes +44"))
        #expect(explanation.text.contains("user bob, every browser and phone"))
    }

    @Test(
        "whoever has proven nothing is told what is missing",
        arguments: [
            ("anonymous", "00491", "401"), ("203.0.113.1", "alice", "401"), ("sip:alice@example.org", "bob", "user:alice is the call with them"),
            ("sip:x@carrier.example", "00491", "a From header proves nothing"),
        ])
    func strangers(from: String, to: String, words: String) throws {
        let explanation = try explain(from, to)
        #expect(!explanation.isReached)
        #expect(explanation.text.contains(words), "\(explanation.text)")
        #expect(!explanation.text.contains("INVITE"))
    }

    @Test("nobody is reached where no route leads to anybody")
    func nobody() throws {
        let explanation = try explain("user:alice", "carol")
        #expect(!explanation.isReached)
        #expect(explanation.text.contains("leads nowhere: there is no user of that name"))
        #expect(explanation.text.contains("404"))
        #expect(try explain("trunk:carrier", "sip:echo@example.org").isReached)
        #expect(try explain("trunk:carrier", "0049").text.contains("sip:0049@192.0.2.10:5060"))
    }

    @Test("a URI is taken apart, and its user's escapes are decoded")
    func dialledURI() throws {
        let loaded = try ConfigurationReader.load(text: Self.text, host: .usual)
        let query = try RoutingQuery(from: "anonymous", to: "sip:%30%30a%40b:secret@Other.example:5070;transport=TCP", caller: nil, table: RoutingTable(loaded.configuration))
        #expect(query.request == RoutingRequest(source: .anonymous, dialled: "00a@b", domain: "other.example"))
    }

    @Test(
        "what is no caller and what cannot be dialled is refused with a hint",
        arguments: [
            ("alice", "1", "did you mean user:alice?"), ("user:alise", "1", "did you mean alice?"), ("trunk:carier", "1", "did you mean carrier?"),
            ("", "1", "none of user:NAME"), ("anonymous", "sip:", "is no SIP URI"), ("anonymous", "sips:a b", "is no SIP URI"),
        ])
    func refused(from: String, to: String, words: String) throws {
        let configuration = try ConfigurationReader.load(text: Self.text, host: .usual).configuration
        do {
            _ = try RoutingQuery(from: from, to: to, caller: nil, table: RoutingTable(configuration))
            Issue.record("it was taken")
        } catch {
            #expect(error.reason.contains(words), "\(error.reason)")
        }
    }
}
