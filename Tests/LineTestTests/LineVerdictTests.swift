import LineTest
import RTP
import Testing

@Suite("The verdicts of a line test")
struct LineVerdictTests {
    /// Ten seconds of a call in which nothing is wrong.
    static func clean(_ change: (inout LineTestResult) -> Void = { _ in }) -> LineTestResult {
        var result = LineTestResult(id: "call", session: "session", began: 0, duration: 20_000, caller: "alice", dialled: "echo")
        result.setUp = .init(answered: 40, firstPacket: 60)
        result.addresses.sip = "198.51.100.7"
        result.addresses.contact = "198.51.100.7"
        result.addresses.signalled = "198.51.100.7:4000"
        result.addresses.source = "198.51.100.7:4000"
        result.codec = .init(name: "pcmu", payloadType: 0, packetTime: 20, takesEvents: true)
        result.received.packets = 1_000
        result.received.expected = 1_000
        result.received.jitterMean = 1
        result.received.jitter95 = 2
        result.received.jitterMaximum = 4
        result.received.largestGap = 22
        result.received.packetTime = 20
        result.received.burstRatio = 1
        result.received.clockSkew = 12
        result.received.clockSkewError = 4
        result.received.payloadTypes = [.init(type: 0, packets: 1_000, isAgreed: true)]
        result.audio = AudioFigures(
            level: -28, activeLevel: -24, loudestSecond: -22, peak: -9, clipping: 0, silence: 0.4, offset: 0.001, seconds: 20)
        result.sent.packets = 1_000
        result.sent.lost = 0
        result.sent.roundTrip = 20
        result.rtcpPackets = 4
        change(&result)
        return result
    }

    private func codes(_ change: (inout LineTestResult) -> Void) -> [LineVerdict.Code] { Self.clean(change).verdicts.map(\.code) }

    @Test("everything fine stands alone, and only where nothing was found")
    func fine() throws {
        let verdicts = Self.clean().verdicts
        #expect(verdicts.map(\.code) == [.fine] && verdicts[0].severity == .good)
        #expect(verdicts[0].text.hasPrefix("good: Everything fine: 1000 RTP packets in 20.0 s"))
        #expect(codes { $0.received.duplicates = 30 } == [.duplicates])
    }

    @Test("a call that was too short is not fine, and one that was not to send is not at fault")
    func short() {
        #expect(codes { $0.received.packets = 60; $0.received.expected = 60; $0.duration = 1_200; $0.sent.packets = 60 } == [.tooShort])
        #expect(codes { $0.isExpectedToSend = false; $0.received = StreamFigures(); $0.audio = nil } == [.fine])
    }

    @Test("no RTP, and why")
    func noRTP() {
        func absent(_ change: (inout LineTestResult) -> Void = { _ in }) -> LineVerdict? {
            let result = Self.clean {
                $0.received = StreamFigures()
                $0.audio = nil
                $0.addresses.source = nil
                $0.sent.lost = nil
                change(&$0)
            }
            let verdicts = result.verdicts
            return verdicts.count == 1 && verdicts[0].code == .noRTP && verdicts[0].severity == .critical ? verdicts[0] : nil
        }
        #expect(absent()?.evidence == "No RTP came in 20.0 s (SDP: 198.51.100.7:4000).")
        #expect(absent { $0.rejected = 900 }?.evidence.contains("SRTP rejected 900") == true)
        #expect(absent { $0.dropped = 500 }?.evidence.contains("500 packets came from elsewhere") == true)
        #expect(absent { $0.isUnreachable = true }?.evidence.contains("ICMP") == true)
        #expect(absent { $0.addresses.signalled = "10.0.0.5:4000"; $0.addresses.contact = "10.0.0.5" }?.evidence.contains("behind NAT") == true)
    }

    @Test("one way only, which: the caller's port is closed, or its RTCP says that nothing arrives")
    func oneWay() {
        #expect(codes { $0.isUnreachable = true } == [.oneWay])
        #expect(codes { $0.sent.lost = 990 }.first == .oneWay)
        #expect(codes { $0.sent.lost = 30 } == [.sentLoss])
        #expect(codes { $0.sent.lost = nil } == [.fine])
    }

    @Test("each limit is one that is passed: at the limit nothing is said, beyond it something is")
    func limits() {
        func check(_ code: LineVerdict.Code, under: (inout LineTestResult) -> Void, over: (inout LineTestResult) -> Void) {
            #expect(codes(under) == [.fine], "\(code)")
            #expect(codes(over) == [code], "\(code)")
        }
        check(.loss, under: { $0.received.lost = 10 }, over: { $0.received.lost = 11 })
        check(.late, under: { $0.received.late = 10 }, over: { $0.received.late = 11 })
        check(.jitter, under: { $0.received.jitter95 = 30 }, over: { $0.received.jitter95 = 30.5 })
        check(.reordering, under: { $0.received.reordered = 1 }, over: { $0.received.reordered = 30 })
        check(.roundTrip, under: { $0.sent.roundTrip = 300 }, over: { $0.sent.roundTrip = 301 })
        check(.clock, under: { $0.received.clockSkew = 103 }, over: { $0.received.clockSkew = -105 })
        check(.level, under: { $0.audio?.activeLevel = -40 }, over: { $0.audio?.activeLevel = -40.5 })
        check(.clipping, under: { $0.audio?.clipping = 0.001 }, over: { $0.audio?.clipping = 0.0011 })
        check(.silent, under: { $0.audio?.silence = 0.99 }, over: { $0.audio?.silence = 1 })
        check(.offset, under: { $0.audio?.offset = -0.03 }, over: { $0.audio?.offset = -0.031 })
        check(.packetTime, under: { $0.codec?.packetTime = nil; $0.received.packetTime = 30 }, over: { $0.received.packetTime = 30 })
        check(.noRTCP, under: { $0.rtcpPackets = 0; $0.duration = 11_000 }, over: { $0.rtcpPackets = 0 })
        check(.slowSetUp, under: { $0.setUp.answered = 500 }, over: { $0.setUp.answered = 501 })
        check(.failedOffer, under: { $0.failedOffer = nil }, over: { $0.failedOffer = .init(isOurs: false, reason: "488", count: 2) })
        check(.slowSetUp, under: { $0.setUp.acknowledged = 540 }, over: { $0.setUp.acknowledged = 541 })
        check(.notMarked, under: { $0.marking = nil }, over: { $0.marking = 0 })
        check(.gap, under: { $0.received.largestGap = 200 }, over: { $0.received.largestGap = 400 })
        check(.bursts, under: { $0.received.bursts = 1; $0.received.longestBurst = 4; $0.received.burstLosses = 4; $0.received.lost = 4 },
            over: { $0.received.bursts = 1; $0.received.longestBurst = 6; $0.received.burstLosses = 4; $0.received.lost = 4 })
        check(.failedRefresh, under: { $0.endStatus = 200 }, over: { $0.endStatus = 408 })
    }

    @Test("bursts of packets that are late are no losses, and the verdict says which of the two they are")
    func lateBursts() {
        let late = Self.clean { $0.received.bursts = 2; $0.received.longestBurst = 6; $0.received.burstLosses = 8; $0.received.burstLate = 8; $0.received.late = 8 }
        #expect(late.verdicts.map(\.code) == [.late] && late.verdicts.map(\.severity) == [.notice])
        #expect(late.verdicts[0].evidence == "Packets come over 60 ms late in 2 bursts of up to 6 packets, 0.80 % in all; none of these is lost.")
        #expect(late.json["received"]?["bursts"]?["lost"] == 0 && late.json["received"]?["bursts"]?["late"] == 8)
        let both = Self.clean {
            $0.received.bursts = 2; $0.received.longestBurst = 6; $0.received.burstLosses = 8; $0.received.burstLate = 3
            $0.received.late = 3; $0.received.lost = 5
        }
        #expect(both.verdicts.map(\.code) == [.bursts])
        #expect(both.verdicts[0].evidence == "Packets are lost in 2 bursts of up to 6 packets, 0.50 % in all; 3 of the packets there are late, not lost.")
        // Many losses alone, and bursts of late packets: the losses are in none.
        let apart = Self.clean { $0.received.bursts = 1; $0.received.longestBurst = 6; $0.received.burstLosses = 6; $0.received.burstLate = 6; $0.received.lost = 20 }
        #expect(apart.verdicts.first?.code == .loss && apart.verdicts.first?.evidence.contains("burst") == false)
        // Those over 1 % are one verdict, not two.
        #expect(codes { $0.received.bursts = 2; $0.received.longestBurst = 6; $0.received.burstLosses = 11; $0.received.burstLate = 11; $0.received.late = 11 } == [.late])
    }

    @Test("payload types that were not agreed are named; comfort noise and single packets are none")
    func codec() {
        let result = Self.clean { $0.received.payloadTypes.append(.init(type: 8, packets: 100, isAgreed: false)) }
        #expect(result.verdicts.map(\.code) == [.codec] && result.verdicts[0].evidence.contains("8 (100 packets)"))
        #expect(codes { $0.received.payloadTypes += [.init(type: 13, packets: 100, isAgreed: false), .init(type: 96, packets: 2, isAgreed: false)] } == [.fine])
    }

    @Test("doubled digits, and tones although RFC 4733 was agreed")
    func digits() {
        let tone = DigitLog.Entry(digit: "1", method: .inBand, time: 100, duration: 80, level: -14)
        #expect(codes { $0.digits = [tone]; $0.digitCount = 1 } == [.inBandDigits])
        #expect(codes { $0.digits = [tone]; $0.digitCount = 1; $0.codec?.takesEvents = false } == [.fine])
        #expect(codes { $0.digits = [tone]; $0.digitCount = 2; $0.doubledDigits = 1 } == [.doubledDigits])
    }

    @Test("where RTP comes from is said; a device that rewrites SIP in some places is found")
    func addresses() {
        #expect(codes { $0.addresses.source = "198.51.100.7:4002" } == [.source])
        let natted = Self.clean {
            $0.addresses.signalled = "192.168.1.5:4000"
            $0.addresses.contact = "192.168.1.5"
        }
        #expect(natted.verdicts.map(\.code) == [.source] && natted.verdicts[0].evidence.contains("behind NAT"))
        #expect(codes { $0.addresses.contact = "192.168.1.5" } == [.alg])
        #expect(codes { $0.addresses.signalled = "10.0.0.1:4000" } == [.source, .alg])
        #expect(codes { $0.addresses.contact = "not an address" } == [.fine])
    }

    @Test("verdicts are sorted, worst first")
    func order() {
        let verdicts = Self.clean {
            $0.received.duplicates = 50
            $0.received.lost = 300
            $0.received.jitter95 = 40
            $0.received.burstRatio = 2
        }.verdicts
        #expect(verdicts.map(\.severity) == [.critical, .critical, .warning, .notice])
        #expect(verdicts.map(\.code) == [.loss, .quality, .jitter, .duplicates])
        #expect(verdicts.allSatisfy { $0.evidence.hasSuffix(".") && $0.remedy.hasSuffix(".") })
    }

    @Test("quality has its inputs, and is not there under 100 packets or for codecs without figures")
    func quality() throws {
        let quality = try #require(Self.clean().receivedQuality)
        #expect(quality.score > 4.4 && quality.impairment == 0 && quality.robustness == 25.1 && quality.delay == 10)
        #expect(Self.clean { $0.received.packets = 99 }.receivedQuality == nil)
        #expect(Self.clean { $0.codec?.name = "ilbc" }.receivedQuality == nil)
        let g722 = Self.clean { $0.codec?.name = "g722" }, opus = Self.clean { $0.codec?.name = "opus" }.json
        let wide = try #require(g722.receivedQuality)
        #expect(wide.band == .wideband && wide.isAssumed && wide.impairment == 13 && abs(wide.score - 4.34) < 0.01)
        #expect(opus["quality"]?["received"]?["model"] == "G.107.1")
        #expect(Self.clean { $0.sent.lost = nil }.sentQuality == nil)
        #expect(try #require(Self.clean { $0.received.lost = 50 }.receivedQuality).score < 4)
    }

    @Test("what was not measured is null in the JSON, never guessed")
    func json() {
        let empty = LineTestResult(id: "a", session: "b", began: 1, duration: 2, caller: "c").json
        #expect(empty["audio"] == .null && empty["codec"] == .null && empty["dialled"] == .null)
        #expect(empty["received"]?["jitter"] == ["mean": .null, "p95": .null, "max": .null] && empty["received"]?["largest_gap"] == .null)
        #expect(empty["quality"] == ["received": .null, "sent": .null] && empty["sent"]?["round_trip"] == .null)
        #expect(empty["received"]?["bursts"]?["ratio"] == .null && empty["browser_stats"] == .null)
        #expect(empty["set_up"] == ["ringing": .null, "prack": .null, "answered": .null, "ack": .null, "media_up": .null, "first_rtp": .null])
        let browser = Self.clean {
            var figures = BrowserFigures()
            (figures.codec, figures.packetsLost, figures.concealedSamples, figures.samples) = ("opus", -1, 480, 48_000)
            $0.browser = figures
        }.json
        #expect(browser["browser_stats"]?["concealed"] == 0.01 && browser["browser_stats"]?["packets_lost"] == -1 && browser["browser_stats"]?["jitter"] == .null)
        let json = Self.clean { $0.received.lost = 50 }.json
        #expect(json["verdict"] == "warning" && json["verdicts"]?[0]?["code"] == "loss")
        #expect(json["quality"]?["received"]?["bpl"] == 25.1 && json["codec"]?["packet_time"] == ["agreed": 20, "seen": 20])
    }
}

@Suite("The results of line tests in memory")
struct LineTestStoreTests {
    private func result(_ id: String) -> LineTestResult { LineTestResult(id: id, session: "s", began: 0, duration: 0, caller: "c") }

    @Test("keeps the last ones, found by the call or by the id that the caller chose")
    func bounded() throws {
        var store = LineTestStore(capacity: 3)
        let ids = try (0..<5).map { try #require(LineTestID("0123456789abcdef0123456789abcde\($0)")) }
        for index in 0..<5 { store.insert(result("call-\(index)"), users: ["alice"], testID: ids[index]) }
        #expect(store.count == 3 && store.entry(of: "call-1") == nil && store.result(ids[1]) == nil)
        #expect(store.entry(of: "call-2")?.users == ["alice"] && store.result(ids[4])?.id == "call-4")
        store.insert(result("again"), users: [], testID: ids[4])
        #expect(store.result(ids[4])?.id == "again")
        var none = LineTestStore(capacity: 0)
        none.insert(result("a"), users: [], testID: nil)
        #expect(none.count == 0 && none.entry(of: "a") == nil)
    }

    @Test("the latest are listed, the newest first, each with its worst verdict")
    func latest() {
        var store = LineTestStore(capacity: 3)
        for index in 0..<4 { store.insert(result("call-\(index)"), users: [], testID: nil) }
        #expect(store.latest(2).map(\.id) == ["call-3", "call-2"] && store.latest(9).count == 3 && store.latest(-1).isEmpty)
        let summary = store.latest(1).first?.summary
        #expect(summary?["id"] == "call-3" && summary?["caller"] == "c" && summary?["verdicts"]?.arrayValue?.count == 1 && summary?["received"] == nil)
    }

    @Test("an id has room for 128 bits, or is none")
    func ids() {
        #expect(LineTestID("550e8400-e29b-41d4-a716-446655440000") != nil)
        #expect(LineTestID("550e8400e29b41d4a716446655440000") != nil)
        #expect(LineTestID("u7Qk3v-9Zx_1LmNo2pRsTw") != nil || LineTestID("u7Qk3v9Zx_1LmNo2pRsTwA") != nil)
        for text in [
            "", "1", "550e8400-e29b-41d4-a716", "550e8400e29b41d4a71644665544000", "00000000000000000000000000000000",
            "u7Qk3v9Zx1LmNo2pRsT", "550e8400e29b41d4a716446655440000/..", "550e8400 e29b41d4a716446655440000", String(repeating: "a1b2c3d4e5f6", count: 11),
        ] { #expect(LineTestID(text) == nil, "\(text)") }
    }
}
