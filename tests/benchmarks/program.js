const orders = [{ id: 1, total: 20, region: "eu" }, { id: 2, total: 35, region: "us" }];
const byRegion = new Map();
for (const order of orders) {
  byRegion.set(order.region, (byRegion.get(order.region) ?? 0) + order.total);
}
function average(values) {
  if (values.length === 0) return 0;
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}
const totals = orders.map((o) => o.total);
const mean = average(totals);
const spread = Math.sqrt(average(totals.map((t) => (t - mean) ** 2)));
class Report {
  constructor(title) { this.title = title; }
  line() { return `${this.title}: ${mean.toFixed(2)}`; }
}
console.log(new Report("orders").line());
const largest = orders.toSorted((a, b) => b.total - a.total)[0];
const regions = [...byRegion.entries()].map(([name, total]) => ({ name, total }));
({ mean, spread, largest, regions })
