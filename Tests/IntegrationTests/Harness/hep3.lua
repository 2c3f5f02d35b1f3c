-- A dissector of HEP version 3 for tshark, which has none of its own: fields hep3.*, and the SIP of a packet as SIP.
-- It refuses what the specification (revision 37) does not allow: hep3.fault says what that is.
local hep3 = Proto("hep3", "Homer Encapsulation Protocol")
local fields = {
    [1] = ProtoField.uint8("hep3.family", "IP family"),
    [2] = ProtoField.uint8("hep3.transport", "IP protocol"),
    [3] = ProtoField.ipv4("hep3.source", "Source"),
    [4] = ProtoField.ipv4("hep3.destination", "Destination"),
    [5] = ProtoField.ipv6("hep3.source6", "Source"),
    [6] = ProtoField.ipv6("hep3.destination6", "Destination"),
    [7] = ProtoField.uint16("hep3.source_port", "Source port"),
    [8] = ProtoField.uint16("hep3.destination_port", "Destination port"),
    [9] = ProtoField.uint32("hep3.seconds", "Seconds"),
    [10] = ProtoField.uint32("hep3.microseconds", "Microseconds"),
    [11] = ProtoField.uint8("hep3.type", "Payload type"),
    [12] = ProtoField.uint32("hep3.agent", "Capture agent"),
    [14] = ProtoField.string("hep3.password", "Authentication key"),
    [15] = ProtoField.string("hep3.payload", "Payload"),
    [17] = ProtoField.string("hep3.correlation", "Correlation id"),
}
local lengths = {[1] = 1, [2] = 1, [3] = 4, [4] = 4, [5] = 16, [6] = 16, [7] = 2, [8] = 2, [9] = 4, [10] = 4, [11] = 1, [12] = 4}
local fault = ProtoField.string("hep3.fault", "Fault")
for _, field in pairs(fields) do table.insert(hep3.fields, field) end
table.insert(hep3.fields, fault)

function hep3.dissector(buffer, packet, tree)
    local branch = tree:add(hep3, buffer())
    local function refuse(why) branch:add(fault, why) end
    if buffer:len() < 6 or buffer(0, 4):string() ~= "HEP3" then return refuse("no HEP3") end
    if buffer(4, 2):uint() ~= buffer:len() then return refuse("length") end
    local position, kind, payload = 6, nil, nil
    while position < buffer:len() do
        if position + 6 > buffer:len() then return refuse("chunk") end
        local vendor, chunk, length = buffer(position, 2):uint(), buffer(position + 2, 2):uint(), buffer(position + 4, 2):uint()
        if vendor ~= 0 or fields[chunk] == nil then return refuse("chunk " .. chunk) end
        if length < 6 or position + length > buffer:len() then return refuse("length of chunk " .. chunk) end
        if lengths[chunk] and lengths[chunk] ~= length - 6 then return refuse("length of chunk " .. chunk) end
        if length > 6 then
            local value = buffer(position + 6, length - 6)
            branch:add(fields[chunk], value)
            if chunk == 11 then kind = value:uint() end
            if chunk == 15 then payload = value end
        end
        position = position + length
    end
    if kind == 1 and payload then Dissector.get("sip"):call(payload:tvb(), packet, tree) end
end

DissectorTable.get("udp.port"):add(9060, hep3)
