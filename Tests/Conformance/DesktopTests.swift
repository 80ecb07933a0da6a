import TestSupport
import Testing

/// notify.desktop against a bus of its own, with a service on it that writes down what it is told to show.
@Suite(.serialized) struct DesktopTests {
    @Test func aNotificationReachesTheDesktop() throws {
        let result = try Scene.play(
            #"""
            cat > show.py <<'END'
            from jeepney import DBusAddress, MessageType, new_error, new_method_call, new_method_return
            from jeepney.io.blocking import open_dbus_connection
            bus = open_dbus_connection(bus="SESSION")
            daemon = DBusAddress("/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus")
            bus.send_and_get_reply(new_method_call(daemon, "RequestName", "su", ("org.freedesktop.Notifications", 4)))
            open("ready", "w")
            count = 40
            while True:
                message = bus.receive()
                if message.header.message_type != MessageType.method_call:
                    continue
                name, replaces, icon, summary, body, actions, hints, expire = message.body
                with open("shown", "a") as out:
                    print(name, replaces, icon, summary, body, actions, hints["urgency"], expire, sep="|", file=out)
                count += 1
                if summary == "refuse":
                    bus.send(new_error(message, "org.example.Full", "s", ("too many",)))
                elif summary != "silent":
                    bus.send(new_method_return(message, "u", (count,)))
            END
            dbus-daemon --session --nofork --print-address=3 3> address & await address
            for _ in $(seq 400); do [ -s address ] && break; sleep 0.025; done
            export DBUS_SESSION_BUS_ADDRESS=$(cat address)
            batten exec notify.desktop --with summary=early 2>&1 | grep -o 'nobody shows notifications' | head -1
            /usr/bin/python3 show.py & await ready
            batten exec notify.desktop --with summary='Grüße 🎉' --with body='<b>done</b>' --with urgency=critical \
                --with expires=2s --with icon=dialog-information --format json | grep -o '"id": [0-9][0-9]*'
            batten exec notify.desktop --with summary=plain > /dev/null
            batten exec notify.desktop --with summary=refuse 2>&1 | grep -o 'too many' | head -1
            batten exec notify.desktop --with summary=x --with urgency=loud > /dev/null 2>&1; echo "input $?"
            batten exec notify.desktop --with summary=x --with expires=soon 2>&1 | grep -o 'length of time' | head -1
            DBUS_SESSION_BUS_ADDRESS=unix:path=$PWD/none batten exec notify.desktop --with summary=x 2>&1 \
                | grep -o 'no session of a desktop' | head -1
            cat shown
            """#)
        #expect(
            result.lines == [
                "nobody shows notifications", "\"id\": 41", "too many", "input 3", "length of time",
                "no session of a desktop", "Batten|0|dialog-information|Grüße 🎉|<b>done</b>|[]|('y', 2)|2000",
                "Batten|0||plain||[]|('y', 1)|-1", "Batten|0||refuse||[]|('y', 1)|-1",
            ], "\(result)")
    }
}
