import Foundation
import JSON
import Testing

/// What is made for browsers, judged by a real one.
extension IntegrationTests {
    @Suite("Descriptions for browsers")
    struct Descriptions {
        /// The outputs of one kind of step, of each golden that has any.
        private static func outputs(of operation: String) throws -> [(name: String, texts: [String])] {
            let folder = try Stage.running.environment.root.appendingPathComponent("Tests/ProxyCoreTests/Corpus")
            let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            return try files.filter { $0.pathExtension == "golden" }.sorted { $0.path < $1.path }.compactMap { file in
                let parts = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n== ")
                let texts = zip(parts, parts.dropFirst())
                    .filter { $0.hasPrefix(operation + "\n") && $1.hasPrefix("gives\n") }
                    .map { $1.split(separator: "\n").dropFirst().filter { !$0.hasPrefix("#") }.map { $0 + "\r\n" }.joined() }
                return texts.isEmpty ? nil : (file.deletingPathExtension().lastPathComponent, texts)
            }
        }

        @Test("Chromium takes every offer that is made for browsers, the later ones of a call too, and can answer it")
        func offers() async throws {
            let goldens = try Self.outputs(of: "web makeOffer")
            #expect(goldens.count >= 30)
            let page = try await Stage.running.chromium.open("about:blank")
            for golden in goldens {
                let problem = try await page.run(
                    """
                    const connection = new RTCPeerConnection();
                    try {
                      for (const sdp of args[0]) {
                        await connection.setRemoteDescription({ type: 'offer', sdp });
                        await connection.setLocalDescription(await connection.createAnswer());
                      }
                      return null;
                    } catch (error) { return String(error); } finally { connection.close(); }
                    """, .array(golden.texts.map { .string($0) })
                ).stringValue
                #expect(problem == nil, "\(golden.name)")
            }
            try await page.close()
        }

        @Test("Chromium takes every answer that is made for browsers, to an offer of the same lines")
        func answers() async throws {
            let goldens = try Self.outputs(of: "web makeAnswer")
            #expect(goldens.count >= 10)
            let page = try await Stage.running.chromium.open("about:blank")
            for golden in goldens {
                for text in golden.texts {
                    let problem = try await page.run(
                        """
                        const kinds = [...args[0].matchAll(/^m=(\\w+)/gm)].map(line => line[1]);
                        const connection = new RTCPeerConnection();
                        try {
                          for (const kind of kinds) {
                            if (kind === 'application') connection.createDataChannel('chat'); else connection.addTransceiver(kind);
                          }
                          await connection.setLocalDescription(await connection.createOffer());
                          await connection.setRemoteDescription({ type: 'answer', sdp: args[0] });
                          return null;
                        } catch (error) { return String(error); } finally { connection.close(); }
                        """, .string(text)
                    ).stringValue
                    #expect(problem == nil, "\(golden.name)")
                }
            }
            try await page.close()
        }
    }
}
