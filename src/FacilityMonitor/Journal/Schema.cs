namespace FacilityMonitor.Journal;

/// <summary>The tables of the embedded store. What is written once stays: a later version adds a list of statements behind these.</summary>
internal static class Schema
{
    /// <summary>The statements of every version, the first one first; a database's version is how many of them it has seen.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Versions { get; } = [First, Books, Steps, Commands, Configurations, Shipping, Strangers, Notices, ShippedLines, Responses, Deliveries, Layers, Sessions, ResponseExempt, NoticesByPerson, People, FlyWireCases, NeighbouringParts, Marks, Users, Climbers, Lookups, Figures, StrangerChannels, Subscriptions, StrangersLetters, Bookings];

    private static IReadOnlyList<string> First =>
    [
        // The spine: one row a group commit.
        "create table journal (position integer primary key, first_ms integer not null, last_ms integer not null, messages integer not null, body blob not null) strict",
        "create table cursor (name text primary key, position integer not null) strict, without rowid",
        "create table device (number integer primary key, dialect integer not null, site text, name text not null) strict",
        "create table ingest_state (device integer primary key, book blob not null) strict",
        """
        create table dead_letter (id integer primary key autoincrement, received_ms integer not null, topic text not null, payload blob not null,
          reason text not null, detail text not null, device integer, replayed_ms integer) strict
        """,
        // Readings: compressed column blocks, hourly roll-ups, latest values.
        """
        create table block (id integer primary key, device integer not null, hour integer not null, generation integer not null, first_ms integer not null,
          last_ms integer not null, readings integer not null, body blob not null) strict
        """,
        "create index block_by_device on block (device, hour, generation)",
        """
        create table hourly (device integer not null, channel integer not null, hour integer not null, readings integer not null, min_w real, max_w real, mean_w real,
          max_a real, wh real, revision integer not null, primary key (device, channel, hour)) strict, without rowid
        """,
        "create table latest (device integer not null, channel integer not null, at_ms integer not null, body blob not null, primary key (device, channel)) strict, without rowid",
        "create table book (device integer not null, hour integer not null, stored integer not null, primary key (device, hour)) strict, without rowid",
        // Alerts: the alert as it is, every step it took, what is to be sent, and the rules' memory.
        """
        create table alert (id text primary key, rule text not null, asset text not null, site text, priority integer not null, condition integer not null,
          onset_ms integer not null, changed_ms integer not null, body text not null) strict, without rowid
        """,
        "create index alert_by_condition on alert (condition, changed_ms)",
        "create table alert_transition (alert text not null, number integer not null, at_ms integer not null, body text not null, primary key (alert, number)) strict, without rowid",
        """
        create table outbox (id integer primary key autoincrement, alert text not null, transition integer not null, recipient text not null, channel text not null, payload text not null,
          state integer not null, attempts integer not null, due_ms integer not null, created_ms integer not null, done_ms integer, result text,
          unique (alert, transition, recipient, channel)) strict
        """,
        "create index outbox_by_state on outbox (state, due_ms)",
        "create table snapshot (name text primary key, position integer not null, body blob not null) strict, without rowid",
    ];

    private static IReadOnlyList<string> Books =>
    [
        // What ingest knows of a device up to a journal position: its sequence book, and what came in its latest hour.
        "alter table ingest_state add column position integer not null default 0",
        "alter table ingest_state add column hour integer not null default 0",
        "alter table ingest_state add column received integer not null default 0",
        "alter table ingest_state add column duplicates integer not null default 0",
        "alter table ingest_state add column dead_letters integer not null default 0",
        // What became of a device's messages by the hour of receipt: ingest writes what came, the store what it took from the journal. They have to agree.
        "drop table book",
        """
        create table book (hour integer not null, device integer not null, received integer not null default 0, duplicates integer not null default 0,
          dead_letters integer not null default 0, stored integer not null default 0, primary key (hour, device)) strict, without rowid
        """,
    ];

    private static IReadOnlyList<string> Steps =>
    [
        // Up to where the readings of a part of the devices are written while the others still wait for their step.
        "create table store_part (part integer primary key, position integer not null) strict",
        // One row a device: its channels change together. A device that has not spoken since the upgrade is shown again when it does.
        "drop table latest",
        "create table latest (device integer primary key, body blob not null) strict",
    ];

    private static IReadOnlyList<string> Commands =>
    [
        // What was ordered: every command, how far it came and when. The id is the command.
        """
        create table command (id text primary key, device integer not null, site text not null, channel integer, operation integer not null, watts real, seconds integer,
          issuer text not null, why text not null, ttl_s integer not null, confirmed integer not null, created_ms integer not null, due_ms integer not null, expires_ms integer not null,
          state integer not null, changed_ms integer not null, sent_ms integer, accepted_ms integer, done_ms integer, ended_ms integer, result text, ends text) strict, without rowid
        """,
        "create index command_by_device on command (device, created_ms)",
        "create index command_by_site on command (site, created_ms)",
        "create index command_open on command (due_ms) where ended_ms is null",
        "create index command_by_age on command (created_ms)",
        // What a device said of itself in its last birth, so that an order can be judged right after a start; and which configuration it runs.
        """
        create table device_birth (device integer primary key, received_ms integer not null, operations text not null, channels text not null, carries_people integer not null,
          boot text not null, cfg text, cfg_ms integer) strict
        """,
        "create index device_by_name on device (site, name)",
    ];

    private static IReadOnlyList<string> Configurations =>
    [
        // What devices were told of how they should be set: since when it is the same, and when it was told last.
        "create table device_cfg (site text not null, name text not null, hash text not null, since_ms integer not null, told_ms integer not null, primary key (site, name)) strict, without rowid",
    ];

    private static IReadOnlyList<string> Shipping =>
    [
        // How far readings were shipped to another database, and which start of it took them. The cursor of the same name stays behind: what a restart of it may have lost.
        "create table shipping (name text primary key, position integer not null, alert_change integer not null, boot text) strict, without rowid",
        // Alerts in the order of their latest change, whoever makes it: a number rises with every change, and an alert has one.
        // In a trigger the conflict clause of the statement outside is in force: replacing has to be two statements.
        "create table alert_change (number integer primary key autoincrement, alert text not null unique) strict",
        "insert into alert_change (alert) select id from alert order by changed_ms",
        "create trigger alert_inserted after insert on alert begin delete from alert_change where alert = new.id; insert into alert_change (alert) values (new.id); end",
        "create trigger alert_updated after update on alert begin delete from alert_change where alert = new.id; insert into alert_change (alert) values (new.id); end",
        "create trigger alert_deleted after delete on alert begin delete from alert_change where alert = old.id; end",
        // What was not shipped because the journal had no room to wait any longer; the embedded store has it.
        "create table shipping_gap (name text not null, from_ms integer not null, to_ms integer not null, primary key (name, from_ms)) strict, without rowid",
    ];

    private static IReadOnlyList<string> Strangers =>
    [
        // 1: about a device that the registry does not name; 2: what sums up those of whom nobody was told. The indexes hold what the quota counts (put in and
        // not superseded), what was withheld, and the summaries.
        "alter table outbox add column stranger integer not null default 0",
        "create index outbox_of_strangers on outbox (recipient, created_ms) where stranger = 1 and state < 4",
        "create index outbox_withheld on outbox (recipient, created_ms) where state = 5",
        "create index outbox_summaries on outbox (recipient, created_ms) where stranger = 2",
    ];

    private static IReadOnlyList<string> Notices =>
    [
        // What one person is to be told at one step of an escalation, once; the ways to reach that person; and every attempt, written before it is made, so that
        // a provider's limits are kept across a restart.
        """
        create table notice (id integer primary key autoincrement, key text not null unique, alert text not null, step integer not null, person text not null,
          priority integer not null, drill integer not null, brief_zh text not null, brief_en text not null, text_zh text not null, text_en text not null, link text,
          state integer not null, created_ms integer not null, expires_ms integer not null, done_ms integer, result text) strict
        """,
        "create index notice_by_alert on notice (alert)",
        "create index notice_waiting on notice (expires_ms) where state = 0",
        """
        create table notice_way (notice integer not null, ordinal integer not null, channel text not null, address text not null, priority integer not null,
          rank integer not null, state integer not null, attempts integer not null, due_ms integer not null, lease text, lease_ms integer, receipt text, result text,
          done_ms integer, primary key (notice, ordinal)) strict, without rowid
        """,
        "create index notice_way_queued on notice_way (channel, rank, due_ms) where state = 0",
        "create index notice_way_sending on notice_way (lease_ms) where state = 1",
        "create index notice_way_receipt on notice_way (channel, receipt) where receipt is not null",
        """
        create table notice_attempt (id integer primary key autoincrement, notice integer not null, ordinal integer not null, channel text not null, address text not null,
          priority integer not null, at_ms integer not null, ended_ms integer, outcome text) strict
        """,
        "create index notice_attempt_by_time on notice_attempt (at_ms)",
        // How a channel does: until when it must not be used, and since when it fails.
        """
        create table channel_state (name text primary key, paused_ms integer not null default 0, accepted_ms integer, failed_ms integer, failing_ms integer, probed_ms integer,
          fault text) strict, without rowid
        """,
    ];

    private static IReadOnlyList<string> ShippedLines =>
    [
        // Up to where what the other database refused stands among the dead letters: what is sent again is not set aside again.
        "alter table shipping add column booked integer not null default 0",
        "alter table shipping add column booked_alert integer not null default 0",
        "update shipping set booked = position, booked_alert = alert_change",
        // What the lines of a device began with, from which journal position on: a reading that is sent again is the line it was, whatever the registry says by now.
        "create table shipping_head (device integer not null, from_position integer not null, head blob not null, primary key (device, from_position)) strict, without rowid",
    ];

    private static IReadOnlyList<string> Responses =>
    [
        // What happened to an alert among people: facts that are only ever added, each with the hash of all before it; and what they add up to, to find it by.
        """
        create table response_event (alert text not null, number integer not null, at_ms integer not null, body text not null, hash text not null,
          primary key (alert, number)) strict, without rowid
        """,
        "create trigger response_event_is_final before update on response_event begin select raise(abort, 'what happened is never rewritten'); end",
        """
        create table response (alert text primary key, site text, rule text not null, asset text not null, priority integer not null, stage integer not null, condition integer not null,
          exercise integer not null, raised_ms integer not null, changed_ms integer not null, due_ms integer, called_ms integer, told integer not null, answered integer not null,
          grouped_into text, suppressed_by text, shelved_ms integer, service_ms integer, recovered_ms integer, calling integer not null, events integer not null) strict, without rowid
        """,
        "create index response_due on response (due_ms) where due_ms is not null",
        "create index response_by_group on response (site, priority, called_ms)",
        "create index response_by_asset on response (asset, stage)",
        "create index response_hidden on response (suppressed_by) where suppressed_by is not null",
        "create index response_silent on response (rule, asset, raised_ms) where stage < 4",
        // Which other alerts a page tells of.
        "create table page_member (lead text not null, page integer not null, person text not null, alert text not null, primary key (lead, page, person, alert)) strict, without rowid",
        // Tests, maintenance, out of service: asked for, agreed to, ended.
        """
        create table permit_event (permit text not null, what text not null, person text not null, at_ms integer not null, until_ms integer not null, body text,
          primary key (permit, what)) strict, without rowid
        """,
        "create trigger permit_event_is_final before update on permit_event begin select raise(abort, 'what happened is never rewritten'); end",
    ];

    private static IReadOnlyList<string> Deliveries =>
    [
        // Whether the outbox is full is asked for every notice: the span of what waits answers it nearly always.
        "create index notice_queued on notice (id) where state = 0",
        // When a channel was probed dies with the process; that its key is wrong does not.
        "alter table channel_state drop column probed_ms",
        "alter table channel_state add column misconfigured integer not null default 0",
    ];

    private static IReadOnlyList<string> Layers =>
    [
        // The hour from which the embedded store has every reading; those before are in another database, if anywhere. One row.
        "create table store_begin (hour integer not null) strict",
        "insert into store_begin (hour) select hour from (select min(hour) as hour from block) where hour is not null",
    ];

    private static IReadOnlyList<string> Sessions =>
    [
        // Charging sessions that are over. Device, channel and the moment we first knew of it name one for ever. The numbers of signs, reason, source and shape are Core's.
        """
        create table session (device integer not null, channel integer not null, opened_ms integer not null, start_ms integer not null, end_ms integer not null, whole integer not null,
          name text, user text, reason integer, started_by integer not null, ended_by integer not null, wh real, energy_from integer not null, settled_wh real, peak_w real not null,
          shape integer not null, packs integer not null, constant_ms integer not null, taper_ms integer not null, tail_ms integer not null, full_ms integer, restarts integer not null,
          unseen_ms integer not null, primary key (device, channel, opened_ms)) strict, without rowid
        """,
        "create index session_by_end on session (end_ms)",
    ];

    private static IReadOnlyList<string> NeighbouringParts =>
    [
        // Devices fall into other parts now. Of a flush that was cut off nobody knows any more what is written: it is done again, and what is there twice reads as one.
        "delete from store_part where position > coalesce((select position from cursor where name = 'store'), 0)",
    ];

    private static IReadOnlyList<string> Marks =>
    [
        // What a provider calls the message that this one takes the place of: a page that was answered is marked so on the telephones that it went to.
        "alter table notice_way add column replaces text",
        "create index response_changed on response (changed_ms) where stage < 4",
    ];

    private static IReadOnlyList<string> Users =>
    [
        // Who can sign in to the page; sites: null is all of them. Passwords only as hashes; settings_password is the hash of the one that the settings had last.
        """
        create table user (name text primary key, display text not null, note text not null, role text not null, sites text, person text, language text, password text,
          settings_password text, disabled integer not null, stamp text not null, created_ms integer not null) strict, without rowid
        """,
        // Where somebody is signed in, by the hash of what the cookie holds; from where he has been; and links that work once, by their hash.
        """
        create table user_session (id text primary key, user text not null, stamp text not null, opened_ms integer not null, seen_ms integer not null, place text not null,
          agent text not null) strict, without rowid
        """,
        "create table user_place (user text not null, place text not null, seen_ms integer not null, primary key (user, place)) strict, without rowid",
        "create table user_link (hash text primary key, user text, created_ms integer not null, until_ms integer not null) strict, without rowid",
        // What everybody did: rows that are only added, each with the hash of all before it. Only what is a million rows old can be deleted.
        """
        create table audit (number integer primary key autoincrement, at_ms integer not null, who text not null, place text not null, what text not null, subject text not null,
          site text, detail text not null, hash text not null) strict
        """,
        "create trigger audit_is_final before update on audit begin select raise(abort, 'what happened is never rewritten'); end",
        """
        create trigger audit_is_kept before delete on audit when old.number > (select max(number) from audit) - 1000000
          begin select raise(abort, 'what happened is kept'); end
        """,
    ];

    private static IReadOnlyList<string> Climbers =>
    [
        // Who took a stair-climber out and brought it back, and what was wrong with it. Nothing is deleted: who carried people when is asked years later.
        """
        create table climber_trip (id text primary key, site text not null, device text not null, taken_ms integer not null, taken_by text not null, operator text not null,
          destination text not null, returned_ms integer, returned_by text) strict, without rowid
        """,
        "create index climber_trip_by_device on climber_trip (site, device, taken_ms)",
        "create unique index climber_trip_out on climber_trip (site, device) where returned_ms is null",
        """
        create table climber_fault (id text primary key, site text not null, device text not null, noted_ms integer not null, noted_by text not null, text text not null,
          mended_ms integer, mended_by text, mended_text text) strict, without rowid
        """,
        "create index climber_fault_by_device on climber_fault (site, device, noted_ms)",
    ];

    private static IReadOnlyList<string> Figures =>
    [
        // What each hour of a device came to, metric by metric, written when its blocks are joined: charts of months read it instead of every reading.
        "create table hour_figures (device integer not null, hour integer not null, body blob not null, primary key (device, hour)) strict, without rowid",
        "create index hour_figures_by_hour on hour_figures (hour)",
    ];

    private static IReadOnlyList<string> StrangerChannels =>
    [
        // Channels that devices outside the registry told of: there is room for so many, also after a restart.
        "create table stranger_channel (device integer not null, channel integer not null, primary key (device, channel)) strict, without rowid",
    ];

    private static IReadOnlyList<string> Subscriptions =>
    [
        // What the broker may still hold as ours, by the name that the session has there: what is wanted no longer is given up also by the next process.
        "create table subscription (client text not null, filter text not null, primary key (client, filter)) strict, without rowid",
    ];

    private static IReadOnlyList<string> StrangersLetters =>
    [
        // Set aside from nobody whom the registry named then: such letters leave room for those of registered devices.
        "alter table dead_letter add column stranger integer not null default 0",
    ];

    private static IReadOnlyList<string> Bookings =>
    [
        // Who asked for a stair-climber ahead. Rows stay: what was given up, and by whom, is asked when somebody waited in vain.
        """
        create table climber_booking (id text primary key, site text not null, device text not null, from_ms integer not null, to_ms integer not null, booked_ms integer not null,
          booked_by text not null, operator text not null, destination text not null, given_up_ms integer, given_up_by text) strict, without rowid
        """,
        "create index climber_booking_by_device on climber_booking (site, device, to_ms)",
    ];

    private static IReadOnlyList<string> Lookups =>
    [
        // What pages ask of many alerts at once stands in the row: who has taken it, as a list of persons (null: not written since the upgrade, the facts tell), and the most urgent it was.
        "alter table response add column takers text",
        "alter table response add column highest integer not null default 3",
        """
        update response set highest = coalesce((select min(cast(substr(json_extract(fact.body, '$.priority'), -1) as integer)) from response_event as fact
          where fact.alert = response.alert and (fact.body like '{"what":"raised"%' or fact.body like '{"what":"priority-rose"%')), priority)
        """,
        // The alert log and the reports go by the time of detection.
        "create index response_by_detection on response (raised_ms)",
        "alter table response_exempt add column detected_ms integer",
        """
        update response_exempt set detected_ms = (select min(at_ms) from alert_transition as step where step.alert = response_exempt.alert and step.body like '%"state":"active"%')
        """,
        "create index response_exempt_by_detection on response_exempt (detected_ms)",
    ];

    private static IReadOnlyList<string> ResponseExempt =>
    [
        // Alerts that people are not called for by the response: raised before there was one, or about devices that nobody registered. Its books leave them out.
        "create table response_exempt (alert text primary key) strict, without rowid",
        "insert into response_exempt select distinct alert from alert_transition where alert not in (select alert from response)",
    ];

    private static IReadOnlyList<string> NoticesByPerson =>
    [
        // How much somebody was told lately is asked for every page, and what they were told of for every answer.
        "create index notice_by_person on notice (person, created_ms)",
    ];

    private static IReadOnlyList<string> People =>
    [
        // Who was on duty when it was looked at last: a hand-over is what differs.
        "create table on_duty (team text not null, person text not null, since_ms integer not null, left_ms integer, primary key (team, person)) strict, without rowid",
        // Which ways to people were tried, and confirmed. A contact is named by a hash: its address belongs into people.yaml alone.
        """
        create table contact_check (id text primary key, contact text not null, person text not null, channel text not null, code text not null, tries integer not null default 0,
          asked_ms integer not null, confirmed_ms integer, via text) strict, without rowid
        """,
        "create index contact_check_by_contact on contact_check (contact, asked_ms)",
        "create index contact_check_by_person on contact_check (person, asked_ms)",
    ];

    private static IReadOnlyList<string> FlyWireCases =>
    [
        // What a suspected fly-wire came to, with the numbers behind it: rows stay when the alert goes, because a circuit learns from them. An alert that comes back may begin a second case.
        """
        create table fly_wire_case (alert text not null, opened_ms integer not null, site text, asset text not null, rule text not null, stage integer not null, since_ms integer not null,
          due_ms integer, sights integer not null, seen_ms integer not null, text text not null, evidence text not null, primary key (alert, opened_ms)) strict, without rowid
        """,
        "create index fly_wire_case_by_asset on fly_wire_case (asset, due_ms)",
        // Later alerts on the same circuit while the case is open.
        "create table fly_wire_sight (begun_by text not null, alert text not null, primary key (begun_by, alert)) strict, without rowid",
    ];
}
