"""Sends back on from/… what comes on to/…, with the quality the topic names; ends with to/1/end. Arguments: port, protocol level 4 or 5."""
import sys

import paho.mqtt.client as mqtt

port, level = int(sys.argv[1]), int(sys.argv[2])


def on_connect(client, _userdata, _flags, code, _properties=None):
    if code != 0:
        sys.exit(f"refused: {code}")
    client.subscribe("to/#", qos=2)


def on_message(client, _userdata, message):
    kind = message.topic.split("/")[-1]
    if kind == "end":
        client.disconnect()
        return
    payload = properties(message) if kind == "properties" else message.payload
    client.publish("from" + message.topic[2:], payload, qos=int(message.topic.split("/")[1]))


def properties(message):
    seen = message.properties if level == 5 else None
    if seen is None:
        return "none"
    users = ",".join(f"{name}={value}" for name, value in seen.UserProperty)
    return f"{seen.ContentType}|{seen.ResponseTopic}|{seen.CorrelationData.hex()}|{users}"


client = mqtt.Client(client_id="foreign", protocol=level)
client.max_queued_messages_set(0)
client.on_connect = on_connect
client.on_subscribe = lambda *_: print("ready", flush=True)
client.on_message = on_message
client.connect("127.0.0.1", port)
client.loop_forever()
