# The results of run.sh as a table in Markdown. A figure's name stands in its first row only.

def rounded:
	if . == null then "-"
	elif fabs >= 100 then round
	elif fabs >= 10 then . * 10 | round | . / 10
	elif fabs >= 0.1 then . * 100 | round | . / 100
	else . * 10000 | round | . / 10000 end | tostring;

def target:
	if .target == null then ""
	elif .target.at_most then "≤ \(.target.at_most)"
	else "≥ \(.target.at_least)" end;

def measured:
	if .median == null then .note
	else "\(.median | rounded) \(.unit) (\(.lower | rounded) to \(.upper | rounded))"
		+ (if .note then "; \(.note)" else "" end) end;

"\(.cpu), \(.cpus) CPUs, Linux \(.kernel), clock \(.clocksource); medians, quartiles behind them"
	+ (if .quick then "; QUICK: no figures" else "" end) + ":",
"",
"| figure | of | measured | to reach | |",
"|---|---|---|---|---|",
(.rows | group_by([.bench, .figure]) | sort_by(.[0].order) | .[] | to_entries[]
	| (if .key == 0 then .value.figure else "" end) as $name | .value
	| "| \($name) | \(.subject) | \(measured) | \(target) | "
		+ (if .reached == null then "" elif .reached then "yes" else "no" end) + " |")
