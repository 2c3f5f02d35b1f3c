internal import Logging

let log = Logger(label: "tern.browser-api")
