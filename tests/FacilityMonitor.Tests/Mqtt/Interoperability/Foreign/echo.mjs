// Sends back on from/… what comes on to/…, with the quality the topic names; ends with to/1/end. Arguments: port, protocol level 4 or 5.
import mqtt from 'mqtt';

const [port, level] = process.argv.slice(2).map(Number);
const client = mqtt.connect({ host: '127.0.0.1', port, protocolVersion: level, clientId: 'foreign', reconnectPeriod: 0 });

let ending = false;
client.on('error', error => {
    // The last acknowledgement may find the broker gone already.
    if (ending)
        return;
    console.error(error);
    process.exit(1);
});

client.on('connect', () => client.subscribe('to/#', { qos: 2 }, error => {
    if (error)
        throw error;
    console.log('ready');
}));

client.on('message', (topic, payload, packet) => {
    const kind = topic.split('/').at(-1);
    if (kind === 'end') {
        ending = true;
        client.end();
        return;
    }
    client.publish('from' + topic.slice(2), kind === 'properties' ? properties(packet.properties) : payload, { qos: Number(topic.split('/')[1]) });
});

function properties(seen) {
    if (!seen)
        return 'none';
    const users = Object.entries(seen.userProperties).flatMap(([name, values]) => [values].flat().map(value => `${name}=${value}`));
    return `${seen.contentType}|${seen.responseTopic}|${seen.correlationData.toString('hex')}|${users.join(',')}`;
}
