import EventLoop
import Foundation
@testable import Janus
import JSON
import Testing

/// Against a Janus of flesh and blood. None of it needs media to flow.
extension Serially {
@Suite("With a real Janus", .serialized)
struct RealJanusTests {
    @Test("a phone's offer is answered through the hairpin of NoSIP and EchoTest, and nothing stays open")
    @LoopActor func hairpin() async throws {
        try await RealJanus.run { janus in
            let phone = try await NoSIP.attach(to: janus.client)
            let echo = try await EchoTest.attach(to: janus.client)
            #expect(janus.client.openHandles == 2)
            #expect(try await janus.handleCount() == 2)

            var offer = try await phone.process(Descriptions.phoneOffer, .offer)
            #expect(offer.type == .offer)
            #expect(offer.sdp.contains("a=fingerprint:sha-256"))
            offer.sdp = Descriptions.withoutCandidates(offer.sdp)
            offer.trickle = true
            let answer = try await echo.start(offer, MediaOptions(audio: true, video: true))
            #expect(answer.type == .answer)
            let plain = try await phone.generate(answer)
            let port = try #require(plain.firstMatch(of: /m=audio (\d+) RTP\/AVP 0/)?.1)
            #expect((21_000...21_199).contains(Int(port) ?? 0))
            #expect(plain.contains("c=IN IP4 \(Machine.address)\r\n"))

            await phone.handle.detach()
            await echo.handle.detach()
            await echo.handle.detach()
            #expect(janus.client.openHandles == 0)
            #expect(try await janus.handleCount() == 0)
        }
    }

    @Test("EchoTest answers a browser's offer and takes options later, without a description")
    @LoopActor func echo() async throws {
        try await RealJanus.run { janus in
            let echo = try await EchoTest.attach(to: janus.client)
            let offer = JSEP(type: .offer, sdp: Descriptions.chromeOffer(), trickle: true)
            let answer = try await echo.start(offer, MediaOptions(audio: true, video: true, bitrate: 256_000))
            #expect(answer.sdp.contains("opus/48000/2"))
            #expect(answer.sdp.contains("VP8/90000"))
            echo.handle.trickle(JanusCandidate(
                sdpMid: "0", sdpMLineIndex: 0, candidate: "candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host"))
            echo.handle.trickleCompleted()
            try await echo.update(MediaOptions(audio: false, video: false, bitrate: 0))
            let error = await #expect(throws: JanusError.self) { try await echo.handle.message([:]) }
            guard case .plugin = error else { Issue.record("\(String(describing: error))"); return }
        }
    }

    @Test("recording of an echo goes to the named files, a new pair each time")
    @LoopActor func recording() async throws {
        try await RealJanus.run { janus in
            let echo = try await EchoTest.attach(to: janus.client)
            _ = try await echo.start(JSEP(type: .offer, sdp: Descriptions.chromeOffer(), trickle: true))
            for name in ["first", "second"] {
                try await echo.update(MediaOptions(record: true, filename: "\(janus.directory)/\(name)"))
                try await echo.update(MediaOptions(record: false))
            }
            await echo.handle.detach()
            let files = try FileManager.default.contentsOfDirectory(atPath: janus.directory).filter { $0.hasSuffix(".mjr") }
            #expect(files.sorted() == ["first-audio.mjr", "first-video.mjr", "second-audio.mjr", "second-video.mjr"])
        }
    }

    @Test("recording of a phone's call covers both sides")
    @LoopActor func phoneRecording() async throws {
        try await RealJanus.run { janus in
            let phone = try await NoSIP.attach(to: janus.client)
            let offer = try await phone.process(Descriptions.phoneOffer, .offer)
            #expect(offer.sdp.contains("PCMU"))
            let answer = Descriptions.chromeAnswer(video: false).replacing("111 9 0 8 110", with: "0 101")
                .replacing("a=rtpmap:110 telephone-event/48000", with: "a=rtpmap:101 telephone-event/8000")
            _ = try await phone.generate(JSEP(type: .answer, sdp: answer, trickle: true))
            try await phone.refresh(Descriptions.phoneOffer)
            try await phone.startRecording("\(janus.directory)/call", video: false)
            try await phone.stopRecording()
            try await phone.stopRecording()
            let files = try FileManager.default.contentsOfDirectory(atPath: janus.directory).filter { $0.hasSuffix(".mjr") }
            #expect(files.sorted() == ["call-peer-audio.mjr", "call-user-audio.mjr"])
            await #expect(throws: JanusError.self) { try await phone.startRecording(String(repeating: "x", count: 231)) }
        }
    }

    @Test("two browsers' descriptions cross in VideoCall by its events, and a hang-up reaches the other side")
    @LoopActor func videoCall() async throws {
        try await RealJanus.run { janus in
            let caller = try await VideoCall.attach(to: janus.client)
            let callee = try await VideoCall.attach(to: janus.client)
            let toCaller = Record<VideoCallEvent>(), toCallee = Record<VideoCallEvent>()
            for (call, record) in [(caller, toCaller), (callee, toCallee)] {
                call.handle.onEvent = { event in
                    if case .plugin(let data, let jsep) = event, let event = VideoCallEvent(data, jsep) { record.add(event) }
                }
            }
            try await caller.register("session-1-caller")
            try await callee.register("session-1-callee")
            try await caller.call("session-1-callee", JSEP(type: .offer, sdp: Descriptions.chromeOffer(), trickle: true))
            let incoming = try await toCallee.first { _ in true }
            guard case .incomingCall("session-1-caller", let offer) = incoming else { Issue.record("\(incoming)"); return }
            #expect(offer.type == .offer && offer.sdp.contains("a=ice-ufrag"))
            try await callee.accept(JSEP(type: .answer, sdp: Descriptions.chromeAnswer(), trickle: true))
            let accepted = try await toCaller.first { _ in true }
            guard case .accepted("session-1-callee", let answer) = accepted else { Issue.record("\(accepted)"); return }
            #expect(answer.type == .answer && answer.sdp.contains("a=ice-ufrag"))

            try await caller.set(MediaOptions(bitrate: 128_000, record: true, filename: "\(janus.directory)/caller"))
            try await caller.set(MediaOptions(record: false))
            #expect(FileManager.default.fileExists(atPath: "\(janus.directory)/caller-audio.mjr"))

            try await callee.hangup()
            let over = try await toCaller.first { if case .hangup = $0 { true } else { false } }
            guard case .hangup("session-1-callee", _) = over else { Issue.record("\(over)"); return }
        }
    }

    @Test("VideoCall's refusals are errors: a name that is taken, nobody of that name, a callee that is busy")
    @LoopActor func videoCallRefusals() async throws {
        try await RealJanus.run { janus in
            let offer = JSEP(type: .offer, sdp: Descriptions.chromeOffer(), trickle: true)
            var calls: [VideoCall] = []
            for _ in 0..<3 { calls.append(try await VideoCall.attach(to: janus.client)) }
            try await calls[0].register("a")
            let taken = await #expect(throws: JanusError.self) { try await calls[1].register("a") }
            guard case .plugin(476, _) = taken else { Issue.record("\(String(describing: taken))"); return }
            let nobody = await #expect(throws: JanusError.self) { try await calls[0].call("nobody", offer) }
            guard case .plugin(478, _) = nobody else { Issue.record("\(String(describing: nobody))"); return }
            try await calls[1].register("b")
            try await calls[2].register("c")
            // A call that failed leaves its handle stuck: "a" is not used again.
            try await calls[1].call("a", offer)
            let busy = await #expect(throws: JanusError.self) { try await calls[2].call("a", offer) }
            #expect(busy == .plugin(code: VideoCall.busy, reason: "User busy"))
        }
    }

    @Test(
        "what is no usable description is refused with the plugin's reason",
        arguments: [
            ("", "Error parsing SDP"), ("v=0", "Error parsing SDP"), ("rubbish\r\nrubbish", "Error parsing SDP"),
            ("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n", "No audio and no video"),
            ("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", "No remote IP"),
            ("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP x\r\n", "DataChannels"),
        ])
    @LoopActor func badDescriptions(sdp: String, reason: String) async throws {
        try await RealJanus.run { janus in
            let phone = try await NoSIP.attach(to: janus.client)
            let error = await #expect(throws: JanusError.self) { try await phone.process(sdp, .offer) }
            guard case .plugin(_, let text) = error else { Issue.record("\(String(describing: error))"); return }
            #expect(text.contains(reason))
            // A fresh handle works all the same.
            let next = try await NoSIP.attach(to: janus.client)
            _ = try await next.process(Descriptions.phoneOffer, .offer)
        }
    }

    @Test("a handle that is dropped, and one whose caller has gone, do not stay open in Janus")
    @LoopActor func leaks() async throws {
        try await RealJanus.run { janus in
            _ = try await janus.client.attach(.noSIP)
            // Whether the answer or the cancellation comes first is Janus' to decide.
            let gone = LoopActor.task { _ = try? await janus.client.attach(.echoTest) }
            await Task.yield()
            gone.cancel()
            await gone.value
            let last = try await janus.client.attach(.echoTest)
            await last.detach()
            let zero = Record<Int>()
            for _ in 0..<100 where zero.elements.last != 0 { zero.add(try await janus.handleCount()) }
            #expect(zero.elements.last == 0)
            #expect(janus.client.openHandles == 0)
        }
    }

    @Test("when it is killed each handle is lost once, and within seconds calls work again")
    @LoopActor func killed() async throws {
        try await RealJanus.run { janus in
            let events = Record<JanusHandleEvent>()
            var handles: [JanusHandle] = []
            for plugin in JanusPlugin.allCases {
                let handle = try await janus.client.attach(plugin)
                handle.onEvent = { events.add($0) }
                handles.append(handle)
            }
            guard case .running(let pid) = janus.process.state else { Issue.record("it runs"); return }
            janus.clientStates.clear()
            janus.processStates.clear()
            kill(pid, SIGKILL)
            try await janus.clientStates.first { if case .down = $0 { true } else { false } }
            try await events.first { _ in events.elements.count == handles.count }
            #expect(events.elements == handles.map { _ in .lost })
            #expect(janus.client.openHandles == 0)
            await #expect(throws: JanusError.lost) { try await handles[0].message(["audio": true]) }
            await handles[0].detach()

            let start = ContinuousClock.now
            try await janus.clientStates.first { $0 == .ready }
            #expect(ContinuousClock.now - start < .seconds(5))
            // The client may be connected before the process has passed its health check.
            try await janus.processStates.first { if case .running = $0 { true } else { false } }
            guard case .running(let next) = janus.process.state else { Issue.record("it runs again"); return }
            #expect(next != pid && !Machine.exists(pid))
            #expect(janus.processStates.elements.contains { if case .backingOff = $0 { true } else { false } })
            let phone = try await NoSIP.attach(to: janus.client)
            _ = try await phone.process(Descriptions.phoneOffer, .offer)
            #expect(events.elements.count == handles.count)
        }
    }

    @Test("a request that waits when Janus dies fails at once")
    @LoopActor func pendingWhenKilled() async throws {
        try await RealJanus.run { janus in
            guard case .running(let pid) = janus.process.state else { Issue.record("it runs"); return }
            kill(pid, SIGSTOP)
            let attach = LoopActor.task { () -> JanusError? in
                do throws(JanusError) { _ = try await janus.client.attach(.noSIP); return nil } catch { return error }
            }
            await Task.yield()
            kill(pid, SIGKILL)
            #expect(await attach.value == .lost)
        }
    }

    @Test("many handles attach and detach at the same time, and the counts agree")
    @LoopActor func crowd() async throws {
        try await RealJanus.run { janus async throws -> Void in
            let tasks = (0..<50).map { number in
                LoopActor.task { try? await janus.client.attach(number % 2 == 0 ? .noSIP : .echoTest) }
            }
            var handles: [JanusHandle] = []
            for task in tasks { if let handle = await task.value { handles.append(handle) } }
            #expect(handles.count == 50)
            #expect(Set(handles.map(\.id)).count == 50)
            #expect(try await janus.handleCount() == 50)
            let detaching = handles.map { handle in LoopActor.task { await handle.detach() } }
            for task in detaching { await task.value }
            #expect(janus.client.openHandles == 0)
            #expect(try await janus.handleCount() == 0)
        }
    }

    @Test("started and stopped again and again, it leaves no descriptor and no process behind")
    @LoopActor func startStop() async throws {
        try await RealJanus.run { _ in }
        let descriptors = Machine.openDescriptors
        for _ in 0..<4 {
            let pid = try await RealJanus.run { janus -> Int32 in
                _ = try await janus.client.attach(.noSIP)
                guard case .running(let pid) = janus.process.state else { return 0 }
                return pid
            }
            #expect(pid > 0 && !Machine.exists(pid))
        }
        #expect(Machine.openDescriptors <= descriptors)
    }
}
}
