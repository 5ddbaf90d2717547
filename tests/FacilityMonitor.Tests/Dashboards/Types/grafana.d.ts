// A dashboard file of ours, in the types that Grafana publishes. Narrower than theirs where we know better: which panels we use, with the options
// of each; queries that are InfluxQL as text; units that exist.
import type * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type * as stat from '@grafana/grafana-foundation-sdk/stat';
import type * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import type * as table from '@grafana/grafana-foundation-sdk/table';
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import type * as units from '@grafana/grafana-foundation-sdk/units';

/** The type as JSON writes it: an enum of texts is one of those texts. */
type Plain<T> = 0 extends 1 & T ? T
  : T extends string ? (string extends T ? string : `${T}`)
  : T extends number | boolean | null | undefined ? T
  : T extends (infer Item)[] ? Plain<Item>[]
  : T extends object ? { [Key in keyof T]: Plain<T[Key]> }
  : T;

type Unit = (typeof units)[keyof typeof units];
type Source = Required<dashboard.DataSourceRef>;
type Link = Plain<dashboard.DashboardLink>;

/** Grafana publishes no type for queries of its InfluxDB data source; these are the members it reads of one written as text. */
type Query = { refId: string; datasource: Source; rawQuery: true; query: string; resultFormat: 'time_series' | 'table'; alias?: string };
type AnnotationQuery = {
  refId: string; datasource: Source; rawQuery: true; query: string; queryType: 'tags'; fromAnnotations: true;
  name: string; titleColumn: string; textColumn: string; tagsColumn: string; timeEndColumn: string;
};

type Override = { matcher: { id: 'byName'; options: string }; properties: Property[] };
type Property =
  | { id: 'unit'; value: Unit }
  | { id: 'decimals' | 'custom.width'; value: number }
  | { id: 'displayName'; value: string }
  | { id: 'custom.hidden'; value: boolean }
  | { id: 'mappings'; value: Plain<dashboard.ValueMapping>[] }
  | { id: 'links'; value: Link[] };

type Field<Custom> = Omit<Plain<dashboard.FieldConfig>, 'custom' | 'unit'> & { unit: Unit; custom?: Plain<Custom> };
type Panel<Type, Options, Custom> = Omit<Plain<dashboard.Panel>, 'type' | 'targets' | 'options' | 'fieldConfig' | 'datasource'> & {
  id: number; type: Type; title: string; description: string; gridPos: dashboard.GridPos; datasource: Source; targets: Query[]; options: Plain<Options>;
  fieldConfig: { defaults: Field<Custom>; overrides: Override[] };
};

type AnyPanel =
  | Panel<'bargauge', bargauge.Options, Record<string, never>>
  | Panel<'stat', stat.Options, Record<string, never>>
  | Panel<'state-timeline', statetimeline.Options, statetimeline.FieldConfig>
  | Panel<'table', table.Options, table.FieldConfig>
  | Panel<'timeseries', timeseries.Options, timeseries.FieldConfig>;
type Row = Omit<Plain<dashboard.RowPanel>, 'panels'> & { title: string; gridPos: dashboard.GridPos; panels: AnyPanel[] };

export type DashboardFile = Omit<Plain<dashboard.Dashboard>, 'panels' | 'annotations'> & {
  uid: string; title: string; description: string; refresh: string;
  panels: (AnyPanel | Row)[];
  annotations: { list: (Omit<Plain<dashboard.AnnotationQuery>, 'target'> & { datasource: Source; target: AnnotationQuery })[] };
};
