import JSON
import Testing

/// Janus dies while a request waits for its answer.
extension IntegrationTests {
    @Suite("Janus is killed at a request")
    struct KilledJanus {
        @Test("a phone calls the echo: it gets one refusal, or its answer and one BYE", arguments: ["open", "configure"])
        func caller(request: String) async throws {
            try await play { gateway, janus in
                let phone = try SIPPhone(at: gateway)
                defer { phone.stop() }
                janus.killsItself(at: request)
                phone.call("echo")
                try await janus.killed()
                try await phone.isRefusedOrHungUp()
                return { #expect(await phone.isDone(with: "INVITE")) }
            }
        }

        @Test("a phone calls another: the caller gets one refusal or BYE, the callee nothing, a CANCEL or a BYE", arguments: [
            ("open", 1), ("configure", 0), ("configure", 1),
        ])
        func callee(request: String, passing: Int) async throws {
            try await play { gateway, janus in
                let caller = try SIPPhone(at: gateway), callee = try SIPPhone(at: gateway, frequency: 700, port: gateway.phonePort)
                defer { caller.stop(); callee.stop() }
                janus.killsItself(at: request, passing: passing)
                caller.call("phone")
                let answer = Task {
                    guard (try? await callee.called(within: .seconds(5))) != nil else { return }
                    // It may have been cancelled meanwhile.
                    try? await callee.accept()
                }
                try await janus.killed()
                try await caller.isRefusedOrHungUp()
                await answer.value
                if callee.dialog != nil, callee.invite == nil { try await callee.hungUp() }
                return {
                    #expect(await caller.isDone(with: "INVITE"))
                    #expect(await callee.probe.message(within: .milliseconds(1)) { $0.hasPrefix("INVITE ") } == nil)
                }
            }
        }

        @Test("a browser asks for an echo: its request gets one error, or the session that it gets ends", arguments: ["attach", "take", "give", "configure"])
        func browser(request: String) async throws {
            try await play { gateway, janus in
                let client = try await APIClient.user("alice", at: gateway)
                janus.killsItself(at: request)
                do {
                    let data = try await client.request("media", "start_session", ["type": "echo", "offer": ["sdp": .string(Parties.offer)]])
                    let session = try #require(data["session_id"]?.stringValue)
                    _ = try await client.event("stop", of: session)
                    #expect(client.waitingEvents("stop", of: session) == 0)
                } catch let refusal as APIClient.Refusal {
                    #expect(refusal.code != 0, "\(refusal)")
                }
                try await janus.killed()
                return { await client.leave() }
            }
        }

        @Test("a phone in a call has asked for a keyframe, or its packets are counted: it gets one BYE", arguments: ["keyframe", "statistics"])
        func established(request: String) async throws {
            try await play { gateway, janus in
                let phone = try SIPPhone(at: gateway, video: .vp8)
                defer { phone.stop() }
                phone.call("echo")
                try await phone.answered()
                #expect(await phone.audio.hears(440))
                janus.killsItself(at: request)
                if request == "keyframe" {
                    let body = "<media_control><vc_primitive><to_encoder><picture_fast_update/></to_encoder></vc_primitive></media_control>"
                    phone.send { $0.request("INFO", body: body, type: "application/media_control+xml") }
                }
                try await janus.killed()
                try await phone.hungUp()
                return { #expect(await phone.probe.message(within: .milliseconds(1)) { $0.hasPrefix("BYE ") } == nil) }
            }
        }

        @Test("the gateway asks for the plugin's version as it connects: calls get 503 until Janus is back")
        func version() async throws {
            try await play { gateway, janus in
                janus.killsItself(at: "version")
                janus.disconnect()
                try await janus.killed()
                #expect(await eventually(within: .patience) { (try? gateway.status().janus) != "ready" })
                let phone = try SIPPhone(at: gateway)
                defer { phone.stop() }
                phone.call("echo")
                let refusal = try await phone.final("INVITE", within: .patience)
                #expect(refusal.status == 503, "\(refusal.text)")
                if let dialog = phone.dialog { phone.probe.send(dialog.acknowledgement(of: refusal)) }
                return { #expect(await phone.isDone(with: "INVITE")) }
            }
        }

        /// Plays with a gateway and an external Janus of its own. When Janus is dead, nothing is left; when it is back, calls work.
        ///
        /// - Parameter body: What happens; it gives what has to hold when all is over.
        private func play(_ body: (GatewayProcess, ExternalJanus) async throws -> () async throws -> Void) async throws {
            let stage = try Stage.running
            let janus = try await ExternalJanus(stage, name: "external-janus")
            let gateway: GatewayProcess
            do {
                gateway = try await GatewayProcess(
                    in: stage.environment, name: "killed-janus", media: ["timeout: 6s"], janus: ["mode: external", "urls: [\"\(janus.url)\"]"])
            } catch {
                await janus.stop()
                throw error
            }
            do {
                let holds = try await body(gateway, janus)
                var left: GatewayProcess.Status?
                let isIdle = await eventually(within: .patience) {
                    left = try? gateway.status()
                    return left.map { $0.calls + $0.sessions + $0.sipLegs + $0.handles == 0 } ?? false
                }
                #expect(isIdle, "left over: \(String(describing: left))")
                try await janus.start()
                try await gateway.ready(within: .patience)
                try await SIPProbe(at: gateway).callEcho()
                try await holds()
                let isEmpty = await eventually(within: .patience) { (try? gateway.status().handles) == 0 }
                #expect(isEmpty)
            } catch {
                _ = await gateway.stop()
                await janus.stop()
                throw error
            }
            await gateway.end()
            await janus.stop()
        }
    }
}

extension SIPPhone {
    /// Waits for the one outcome of its call: a refusal for want of Janus, or an answer and then a BYE.
    fileprivate func isRefusedOrHungUp() async throws {
        let response = try await final("INVITE", within: .patience)
        if response.status == 200 {
            send { dialog in
                dialog.learn(from: response)
                return dialog.acknowledgement()
            }
            try await hungUp()
        } else {
            #expect((500...599).contains(response.status), "\(response.text)")
            if let dialog { probe.send(dialog.acknowledgement(of: response)) }
        }
    }

    /// Whether no further response to its request, and no BYE, has come.
    fileprivate func isDone(with method: String) async -> Bool {
        await probe.message(within: .milliseconds(1)) { text in
            text.hasPrefix("BYE ") || SIPText(text: text).method == method && SIPText(text: text).status >= 200
        } == nil
    }
}
