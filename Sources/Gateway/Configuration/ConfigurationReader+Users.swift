extension ConfigurationReader {
    private static let userKeys = ["name", "password", "ha1", "display_name", "admin"]

    mutating func readUsers(_ top: ConfigurationSection) {
        guard let node = top.node["users"] else { return }
        configuration.users = []
        var places: [String: ConfigurationOrigin] = [:]
        for (index, item) in top.items(of: node, name: "users", count: 0...10_000).enumerated() {
            let path = "users[\(index)]"
            guard let section = ConfigurationSection(item, path: path, known: Self.userKeys, problems: problems),
                let user = user(section)
            else { continue }
            let origin = section.origin(of: "name")
            if let first = places[user.name] {
                problems.add(origin, key: "\(path).name", "there is a user \(user.name) already, at \(first)")
                continue
            }
            places[user.name] = origin
            let credential = section.written("password") == nil ? "ha1" : "password"
            userPlaces.append((section.key(credential), section.origin(of: credential)))
            configuration.users.append(user)
        }
    }

    private func user(_ section: ConfigurationSection) -> GatewayConfiguration.User? {
        if section.written("name") == nil {
            problems.add(section.origin(of: "name"), key: section.key("name"), "a user must have a name")
        }
        let name = section.value("name", ConfigurationText.userName)
        let credential = credential(section, of: "user")
        let displayName = section.value("display_name") { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.printable(text, in: 1...128)
        }
        let isAdmin = section.value("admin", ConfigurationText.boolean) ?? false
        guard let name, let credential else { return nil }
        return .init(name: name, credential: credential, displayName: displayName, isAdmin: isAdmin)
    }
}
