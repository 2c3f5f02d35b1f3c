import SDP
import Testing

@testable import ProxyCore

@Suite("Media over IPv4 and IPv6")
struct NegotiationFamilyTests {
    private static let both = LegAddresses("10.9.0.1", ip6: "2001:db8::1")
    private static let six = "IN IP6 2001:db8::2"

    private func sip(_ family: AddressFamily = .ip4, _ addresses: LegAddresses = both) -> SIPNegotiation {
        var sip = SIPNegotiation(sessionID: 4711, addresses: addresses, profile: SIPProfile(family: family))
        sip.open([.audio: LegPort(port: 30_000, key: []), .video: LegPort(port: 30_002, key: [])])
        return sip
    }

    private let answer = Sample.generated("m=audio 9 RTP/AVP 0")

    @Test("a phone's offer is answered with our address of its family", arguments: [("IN IP4 10.9.0.2", "IN IP4 10.9.0.1"), (six, "IN IP6 2001:db8::1")])
    func answered(_ offered: String, _ own: String) throws {
        var sip = sip()
        _ = try sip.acceptOffer(Sample.phone(Sample.pcmu, connection: offered))
        let text = try sip.makeAnswer(answer)
        #expect(text.contains("o=- 4711 1 \(own)\r\n") && text.contains("c=\(own)\r\n"), "\(text)")
        #expect(sip.legMedia.first?.phone?.host == String(offered.split(separator: " ")[2]) && sip.family == (offered == Self.six ? .ip6 : .ip4))
    }

    @Test("our offer is of the profile's family, where there is an address of it", arguments: [
        (AddressFamily.ip4, both, "IN IP4 10.9.0.1"), (.ip6, both, "IN IP6 2001:db8::1"), (.ip6, LegAddresses("10.9.0.1"), "IN IP4 10.9.0.1"),
    ])
    func offered(_ family: AddressFamily, _ addresses: LegAddresses, _ own: String) throws {
        var sip = sip(family, addresses)
        let text = try sip.makeOffer(answer)
        #expect(text.contains("o=- 4711 1 \(own)\r\n") && text.contains("c=\(own)\r\n"), "\(text)")
        let phone = own.contains("IP6") ? Self.six : "IN IP4 10.9.0.2"
        _ = try sip.acceptAnswer(Sample.phone(Sample.pcmu, connection: phone))
        #expect(sip.legMedia.first?.phone?.host == String(phone.split(separator: " ")[2]))
    }

    @Test("behind a NAT a phone in a local network is told the own address, any other the public one", arguments: [
        (true, LegAddresses("203.0.113.5", local: "10.9.0.1"), "IN IP4 10.9.0.1"), (false, LegAddresses("203.0.113.5", local: "10.9.0.1"), "IN IP4 203.0.113.5"),
        (true, LegAddresses("203.0.113.5"), "IN IP4 203.0.113.5"),
    ])
    func translated(_ isLocal: Bool, _ addresses: LegAddresses, _ own: String) throws {
        var sip = SIPNegotiation(sessionID: 4711, addresses: LegAddresses("192.0.2.9"), profile: SIPProfile(isLocal: isLocal))
        sip.receive(at: addresses)
        sip.open([.audio: LegPort(port: 30_000, key: [])])
        let offer = try sip.makeOffer(answer)
        #expect(offer.contains("o=- 4711 1 \(own)\r\n") && offer.contains("c=\(own)\r\n"), "\(offer)")
        var answering = SIPNegotiation(sessionID: 4711, addresses: addresses, profile: SIPProfile(isLocal: isLocal))
        answering.open([.audio: LegPort(port: 30_000, key: [])])
        _ = try answering.acceptOffer(Sample.phone(Sample.pcmu, connection: "IN IP4 10.9.0.2"))
        #expect(try answering.makeAnswer(answer).contains("c=\(own)\r\n"))
    }

    @Test("a dialog keeps to its family: the leg has one address", arguments: [AddressFamily.ip4, .ip6])
    func kept(_ family: AddressFamily) throws {
        var sip = sip(family)
        let (phone, other) = family == .ip4 ? ("IN IP4 10.9.0.2", Self.six) : (Self.six, "IN IP4 10.9.0.2")
        let error = NegotiationError.unsupportedAddress(family == .ip4 ? "IPv6 address 2001:db8::2" : "IPv4 address 10.9.0.2", only: family)
        _ = try sip.makeOffer(answer)
        #expect(throws: error) { try sip.acceptAnswer(Sample.phone(Sample.pcmu, connection: other)) }
        _ = try sip.acceptAnswer(Sample.phone(Sample.pcmu, connection: phone))
        #expect(throws: error) { try sip.acceptOffer(Sample.phone(Sample.pcmu, connection: other)) }
        #expect(error.reason.hasSuffix("only to an \(family.name) unicast address"))
        _ = try sip.acceptOffer(Sample.phone(Sample.pcmu, "a=sendonly", connection: phone))
        #expect(try sip.makeAnswer(answer).contains("c=IN \(family == .ip4 ? "IP4 10.9.0.1" : "IP6 2001:db8::1")\r\n"))
    }

    @Test("of an offer with lines of both families those of the first audio are taken, where we have an address of it")
    func mixed() throws {
        let offer = Sample.phone("m=audio 4000 RTP/AVP 0", "c=\(Self.six)", "m=video 4002 RTP/AVP 96", "c=\(Self.six)", Sample.vp8, "m=audio 4004 RTP/AVP 8")
        let inner = Sample.generated("m=audio 9 RTP/AVP 0 8", "m=video 9 RTP/AVP 96", Sample.vp8)
        var two = sip()
        _ = try two.acceptOffer(offer)
        #expect(try SessionDescription(parsing: two.makeAnswer(inner)).media.map(\.port) == [30_000, 30_002, 0])
        var one = sip(.ip4, LegAddresses("10.9.0.1"))
        _ = try one.acceptOffer(offer)
        #expect(try SessionDescription(parsing: one.makeAnswer(Sample.generated("m=audio 9 RTP/AVP 8"))).media.map(\.port) == [0, 0, 30_000])
    }

    @Test("without an IPv6 address of ours a phone that has only IPv6 hears so")
    func without() {
        var sip = sip(.ip4, LegAddresses("10.9.0.1"))
        #expect(throws: NegotiationError.unsupportedAddress("IPv6 address 2001:db8::2")) { try sip.acceptOffer(Sample.phone(Sample.pcmu, connection: Self.six)) }
    }

    @Test("a hold that hides the address is one over IPv6 too (RFC 3264, section 8.4)", arguments: ["IN IP6 ::", "IN IP4 0.0.0.0"])
    func hidden(_ hold: String) throws {
        var sip = sip()
        _ = try sip.acceptOffer(Sample.phone(Sample.pcmu, connection: Self.six))
        _ = try sip.makeAnswer(answer)
        _ = try sip.acceptOffer(Sample.phone(Sample.pcmu, connection: hold))
        #expect(try sip.makeAnswer(answer).contains("a=recvonly\r\n"))
        #expect(sip.legMedia.first?.phone?.host == "2001:db8::2")
    }

    @Test("a multicast address, or what is no address, is refused over IPv6 too", arguments: [
        ("IN IP6 ff02::1", "multicast address ff02::1"), ("IN IP6 2001:db8::1::2", "unreadable address 2001:db8::1::2"), ("IN IP6 phone.example", "host name phone.example"),
    ])
    func refused(_ connection: String, _ what: String) {
        var sip = sip()
        #expect(throws: NegotiationError.unsupportedAddress(what, only: .ip6)) { try sip.acceptOffer(Sample.phone(Sample.pcmu, connection: connection)) }
    }

    @Test("another session of the dialog keeps its family")
    func inherited() throws {
        var before = sip()
        _ = try before.acceptOffer(Sample.phone(Sample.pcmu, connection: Self.six))
        _ = try before.makeAnswer(answer)
        var after = sip()
        after.inherit(before.inheritance)
        #expect(after.family == .ip6)
        #expect(try after.makeOffer(answer).contains("c=IN IP6 2001:db8::1\r\n"))
    }

    @Test("a dialog that goes on with media at another address keeps its o=, and its version rises though the ports are the same", arguments: [
        (LegAddresses("10.9.0.7", ip6: "2001:db8::7"), "IN IP6 2001:db8::7"), (LegAddresses("10.9.0.7"), "IN IP4 10.9.0.7"),
    ])
    func elsewhere(_ addresses: LegAddresses, _ connection: String) throws {
        var before = sip()
        _ = try before.acceptOffer(Sample.phone(Sample.pcmu, connection: Self.six))
        _ = try before.makeAnswer(answer)
        var after = sip()
        after.inherit(before.inheritance)
        after.receive(at: addresses)
        let text = try after.makeOffer(answer)
        #expect(text.contains("o=- 4711 2 IN IP6 2001:db8::1\r\n") && text.contains("c=\(connection)\r\n"), "\(text)")
        // And back.
        var last = sip()
        last.inherit(after.inheritance)
        last.receive(at: nil)
        let back = try last.makeOffer(answer)
        #expect(back.contains("o=- 4711 3 IN IP6 2001:db8::1\r\n") && back.contains("c=\(last.family == .ip6 ? "IN IP6 2001:db8::1" : "IN IP4 10.9.0.1")\r\n"), "\(back)")
    }

    @Test("a new dialog has the address of its media in o= as well")
    func newElsewhere() throws {
        var sip = sip()
        sip.receive(at: LegAddresses("10.9.0.7"))
        let text = try sip.makeOffer(answer)
        #expect(text.contains("o=- 4711 1 IN IP4 10.9.0.7\r\n") && text.contains("c=IN IP4 10.9.0.7\r\n"), "\(text)")
    }

    @Test("a phone's leg is opened at the address of its family", arguments: [
        SessionKind.echo(.rtp), .proxy(caller: .rtp, callee: .webrtc), .proxy(caller: .webrtc, callee: .rtp), .proxy(caller: .rtp, callee: .rtp),
    ])
    func opened(kind: SessionKind) {
        let six = { (text: String) in text.replacing("IN IP4 192.0.2.20", with: Self.six).replacing("IN IP4 192.0.2.21", with: "IN IP6 2001:db8::3") }
        let driven = DrivenSession.talking(
            kind, caller: kind.callerType == .rtp ? six(Fixture.phoneOffer) : nil, callee: kind.calleeType == .rtp ? six(Fixture.phoneAnswer) : nil,
            profiles: [.callee: SIPProfile(family: .ip6)], addresses: Self.both)
        var opened: [SessionSide] = []
        for case .open(let side, _, let family) in driven.steps {
            opened.append(side)
            #expect(family == .ip6)
        }
        #expect(Set(opened) == Set(kind.sides.filter { kind.type(of: $0) == .rtp }) && driven.session.isEstablished)
        if kind.callerType == .rtp { #expect(driven.medium(.caller)?.phone?.host == "2001:db8::2") }
        if kind.calleeType == .rtp { #expect(driven.medium(.callee)?.phone?.host == "2001:db8::3") }
    }

    @Test("a call between a phone with IPv4 and one with IPv6 has a leg of each")
    func across() {
        let driven = DrivenSession.talking(
            .proxy(caller: .rtp, callee: .rtp), callee: Fixture.phoneAnswer.replacing("c=IN IP4 192.0.2.21", with: "c=\(Self.six)"),
            profiles: [.callee: SIPProfile(family: .ip6)], addresses: Self.both)
        #expect(driven.steps.contains(.open(.caller, [.audio], .ip4)) && driven.steps.contains(.open(.callee, [.audio], .ip6)))
        #expect(driven.answers[.caller]?.contains("c=IN IP4 10.9.0.1\r\n") == true && driven.offers[.callee]?.contains("c=IN IP6 2001:db8::1\r\n") == true)
    }
}
