"""One corpus of rules, over the tables of engine_tables.py, that every engine must answer alike."""

# fmt: off
ROWS = r'''
RowCount = 20
RowCount > 20
RowCount between 19 and 21
RowCount > 3 where "qty > 5"
RowCount = 0 where "code = 'nowhere'"
RowCount = 2 where "code = 'a'"
RowCount = 3 where "lower(code) = 'a'"
RowCount = 1 where "code = 'a '"
RowCount > 5 where "code < 'b'"
RowCount > 5 where "code >= 'Z'"
RowCount = 1 where "note like 'it%'"
RowCount = 0 where "note like 'IT%'"
RowCount > 0 where "price / qty > 0.05"
RowCount > 0 where "qty / 2 = 3.5"
RowCount > 0 where "qty / 0 is null"
RowCount > 0 where "qty % 2 = 1"
RowCount > 0 where "qty % 0 is null"
RowCount > 0 where "price + rate > 1.4"
RowCount > 0 where "score = 0"
RowCount > 0 where "score > 0.25 and not paid"
RowCount > 0 where "paid"
RowCount > 0 where "paid is null or paid = true"
RowCount > 0 where "day > '2024-01-01'"
RowCount > 0 where "at >= '2024-06-30 11:00:00'"
RowCount > 0 where "cast(t_int as int) > 1"
RowCount > 0 where "cast(t_num as double) > 1"
RowCount > 0 where "cast(price as int) = 10"
RowCount > 0 where "cast(score as bigint) = 2"
RowCount > 0 where "t_int > 2"
RowCount > 0 where "length(note) > 3"
RowCount > 0 where "upper(city) = 'ZÜRICH'"
RowCount > 0 where "code in ('a', 'é', 'ß')"
RowCount > 0 where "code between 'A' and 'Z'"
RowCount > 0 where "coalesce(code, 'none') = 'none'"
RowCount > 0 where "note rlike '^[a-z]+.[a-z]+$'"
RowCount > 0 where "concat(code, 'x') = 'ax'"
RowCount > 0 where "substring(city, 1, 3) = 'Ber'"
RowCount > 0 where "trim(code) = 'a'"
RowCount > 0 where "abs(qty) = 5"
RowCount > 0 where "case when qty > 5 then 'big' else 'small' end = 'big'"
RowCount > 0 where "k1 <=> null"
RowCount > 0 where "year(day) = 2024 and month(day) = 6"
ColumnCount = 25
ColumnExists "code"
ColumnExists "missing"
ColumnNamesMatchPattern "^[a-z0-9_]+$"
ColumnNamesMatchPattern "^[a-z]+$"
Completeness "code" > 0.9
Completeness "nothing" = 0
Completeness "blank" = 0.5
Completeness "note" > 0.9 where "qty > 5"
IsComplete "id"
IsComplete "email"
IsComplete "email" where "id < 6"
'''

KEYS = r'''
Uniqueness "id" = 1
Uniqueness "code" > 0.9
Uniqueness "city" < 0.8
Uniqueness "k1" "k2" > 0.5
Uniqueness "k1" > 0.5 where "id > 3"
Uniqueness "nothing" = 1
Uniqueness "score" > 0.7
Uniqueness "price" > 0.8
Uniqueness "day" > 0.8
Uniqueness "at" = 1
Uniqueness "paid" = 0
IsUnique "id"
IsUnique "code"
IsUnique "at"
IsPrimaryKey "id"
IsPrimaryKey "k1" "k2"
IsPrimaryKey "id" "code"
UniqueValueRatio "code" > 0.9
UniqueValueRatio "k1" > 0.6
DistinctValuesCount "code" = 20
DistinctValuesCount "city" = 15
DistinctValuesCount "paid" = 3
DistinctValuesCount "score" = 18
DistinctValuesCount "note" > 3 where "qty > 5"
DuplicateRowCount = 0
DuplicateRowCount "city" = 7
DuplicateRowCount "k1" "k2" > 4
Entropy "city" > 2
Entropy "paid" < 1
Entropy "code" > 2.5
'''

NUMBERS = r'''
Mean "qty" > 10
Mean "price" between 4.8 and 5.2
Mean "rate" > 1000
Mean "score" > 1000
Mean "far" > 1000000000
Mean "big" > 0
Mean "nothing" > 0
Mean "qty" > 1 where "paid"
Sum "qty" = 233
Sum "price" > 80
Sum "rate" > 12345678901234
Sum "big" > 9223372036854775807
Sum "score" > 1000
Sum "tenth" between 1.99 and 2.01
StandardDeviation "qty" > 1000
StandardDeviation "far" between 0.7 and 0.8
StandardDeviation "tenth" < 0.000001
StandardDeviation "price" > 1
Variance "qty" > 1000
Variance "far" between 0.5 and 0.6
Variance "rate" > 1
Range "qty" > 1000
Skewness "qty" > 0
Skewness "price" < 100
Skewness "tenth" != 0
Kurtosis "qty" > 0
Kurtosis "far" < 0
Kurtosis "rate" > -2 where "qty > 0"
InterquartileRange "qty" > 1
InterquartileRange "price" > 1 where "qty > 0"
InterquartileRange "tenth" < 0.000001
ZerosCount "qty" >= 0
Range "price" > 100
Range "big" > 1
ColumnCorrelation "id" "far" > 0.999999
ColumnCorrelation "qty" "score" < 1
ColumnCorrelation "price" "rate" < 1
ColumnCorrelation "id" "tenth" > 0
ColumnCorrelation "id" "tenth" != 0
ColumnCorrelation "id" "price" > -1 where "qty > 0"
'''

VALUES = r'''
ColumnValues "qty" > 0
ColumnValues "qty" between -6 and 2147483648
ColumnValues "qty" != 7
ColumnValues "qty" in [1, 2, 3, 7]
ColumnValues "qty" not in [1, 2, NULL]
ColumnValues "qty" = NULL
ColumnValues "qty" != NULL
ColumnValues "big" <= 9223372036854775807
ColumnValues "big" < 9223372036854775807
ColumnValues "big" != 9007199254740993
ColumnValues "price" >= 0.10 with threshold > 0.5
ColumnValues "price" in [0.1, 0.2, 0.3, 1] with threshold > 0.1
ColumnValues "rate" < 3.1415930
ColumnValues "score" >= 0
ColumnValues "score" = 0 with threshold > 0.05
ColumnValues "score" > 0.3 with threshold > 0.4
ColumnValues "code" = "a" with threshold > 0.05
ColumnValues "code" != "a"
ColumnValues "code" in ["a", "A", "á", "ä", "b", "B"] with threshold > 0.2
ColumnValues "code" not in ["ß", "ss", NULL]
ColumnValues "code" in ["A", "B"] with ignoreCase = "true"
ColumnValues "code" = "É" with ignoreCase = "true"
ColumnValues "code" = EMPTY with threshold > 0
ColumnValues "code" != EMPTY
ColumnValues "note" = WHITESPACES_ONLY with threshold > 0
ColumnValues "note" != WHITESPACES_ONLY
ColumnValues "city" = "Berlin" where "id > 12" with threshold > 0.1
ColumnValues "email" matches "[a-z.+-]+@[a-z.]+\.[a-z]{2,}" with threshold > 0.3
ColumnValues "email" matches "(?i)[a-z.+-]+@[a-z.]+\.[a-z]{2,}" with threshold > 0.3
ColumnValues "email" matches ".*" with threshold > 0.5
ColumnValues "email" matches "\S+@\S+\.\w+" with threshold > 0.3
ColumnValues "email" not matches "ada.*" with threshold > 0.5
ColumnValues "note" matches "\w+\s\w+" with threshold > 0.05
ColumnValues "note" matches ".{150}" with threshold > 0.01
ColumnValues "note" matches "[^\x00-\x7F]+" with threshold > 0.05
ColumnValues "note" matches "\p{So}+" with threshold > 0.01
ColumnValues "city" matches "\p{Lu}\p{Ll}+( \p{Lu}\p{Ll}+)*" with threshold > 0.5
ColumnValues "city" matches "(Berlin|Oslo)" with threshold > 0.1
ColumnValues "city" matches "[A-Z][a-z]+\b" with threshold > 0.1
ColumnValues "paid" = "true" with threshold > 0.2
ColumnValues "qty" = "7" with threshold > 0.05
ColumnValues "qty" in ["7", "12"] with threshold > 0.05
ColumnValues "price" in ["1.00", "1.5"] with threshold > 0.05
ColumnValues "score" in ["1.5", "1.0E10"] with threshold > 0.05
ColumnValues "day" = "2024-06-30" with threshold > 0.05
ColumnValues "day" in ["2024-06-30", "1970-01-01"] with threshold > 0.05
ColumnValues "day" > "2000-01-01" with threshold > 0.5
ColumnValues "day" between "1900-01-01" and "2024-06-30" with threshold > 0.4
ColumnValues "day" != "2024-06-30"
ColumnValues "day" > (now() - 3 days) with threshold > 0.1
ColumnValues "at" > "2024-06-30" with threshold > 0.05
ColumnValues "at" <= "2024-06-30" with threshold > 0.5
ColumnValues "t_day" > "2024-01-01" with threshold > 0.2
ColumnValues "t_day" != "2024-06-30" with threshold > 0.2
ColumnValues "t_int" > 1 with threshold > 0.1
ColumnValues "t_num" in [1.5, 0.5, 5, 1000] with threshold > 0.1
ColumnValues "t_num" not in [1.5, 0.5] with threshold > 0.1
ColumnLength "code" = 1
ColumnLength "code" between 0 and 3
ColumnLength "note" <= 150
ColumnLength "note" != 2
ColumnLength "note" > 0 where "id > 10"
ColumnLength "city" in [4, 5, 6]
'''

TYPES = r'''
ColumnDataType "t_int" = "Integer" with threshold > 0.3
ColumnDataType "t_int" = "Long" with threshold > 0.3
ColumnDataType "t_int" = "Double" with threshold > 0.3
ColumnDataType "t_int" = "INTEGRAL" with threshold > 0.3
ColumnDataType "t_int" != "Integer" with threshold > 0.3
ColumnDataType "t_num" = "Double" with threshold > 0.5
ColumnDataType "t_num" = "Float" with threshold > 0.5
ColumnDataType "t_num" = "FRACTIONAL" with threshold > 0.3
ColumnDataType "t_num" = "DECIMAL(5,2)" with threshold > 0.3
ColumnDataType "t_num" = "DECIMAL(38,10)" with threshold > 0.3
ColumnDataType "t_flag" = "Boolean" with threshold > 0.5
ColumnDataType "t_day" = "Date" with threshold > 0.4
ColumnDataType "t_day" = "Date" with format = "dd-MM-yyyy" with threshold > 0.01
ColumnDataType "t_day" = "Date" with format = "yyyy-MM" with threshold > 0.01
ColumnDataType "t_at" = "Timestamp" with threshold > 0.4
ColumnDataType "t_at" = "Timestamp"
ColumnDataType "qty" = "Integer"
ColumnDataType "price" = "DECIMAL(4,2)" with threshold > 0.5
ColumnDataType "score" = "Integer"
ColumnDataType "day" = "Date"
ColumnDataType "at" = "Timestamp" where "id > 3"
DataFreshness "at" <= 1 hours
DataFreshness "at" > 24 hours
DataFreshness "at" between 0 minutes and 2 hours
DataFreshness "day" <= 2 days
DataFreshness "t_at" <= 2 hours
DataFreshness "t_at" <= 90 minutes where "id < 5"
DataFreshness "at" < 1 hours where "id > 16"
DataFreshness "zoned" <= 1 hours
DataFreshness "zoned" between 30 minutes and 3 hours
ColumnValues "zoned" > "2024-06-29"
DistinctValuesCount "zoned" = 20
IsUnique "zoned"
ColumnDataType "zoned" = "Timestamp"
'''

WHERE = r'''
RowCount > 0 where "zoned > '2024-06-30 11:00:00'"
RowCount > 0 where "cast(zoned as date) = '2024-06-30'"
RowCount > 0 where "cast(score as string) = '1.5'"
RowCount > 0 where "cast(qty as string) = '7'"
RowCount > 0 where "cast(at as string) = '2024-01-01 00:00:00.5'"
RowCount > 0 where "cast(day as string) like '2024-06%'"
RowCount > 0 where "cast(price as string) = '1.00'"
RowCount > 0 where "cast(paid as string) = 'true'"
RowCount > 0 where "cast(price as double) = 1"
RowCount > 0 where "cast(t_at as timestamp) = at"
RowCount > 0 where "cast(t_flag as boolean)"
RowCount > 0 where "city like '%in'"
RowCount > 0 where "not city like 'B%'"
RowCount > 0 where "city is not null and city != 'Berlin'"
RowCount > 0 where "length(city) between 4 and 6"
RowCount > 0 where "lower(email) rlike '@example'"
RowCount > 0 where "code || 'x' = 'ax'"
RowCount > 0 where "concat(code, city) is null"
RowCount > 0 where "replace(code, 'a', 'b') = 'b'"
RowCount > 0 where "round(price) = 4"
RowCount > 0 where "round(rate, 2) = 3.14"
RowCount > 0 where "floor(score) = 2"
RowCount > 0 where "ceil(score) = 3"
RowCount > 0 where "greatest(qty, k2) = 7"
RowCount > 0 where "least(qty, k2) = 1"
RowCount > 0 where "sqrt(qty) > 2"
RowCount > 0 where "ln(qty) > 1"
RowCount > 0 where "pow(qty, 2) = 49"
RowCount > 0 where "sign(qty) = -1"
RowCount > 0 where "datediff('2024-07-01', day) < 10"
RowCount > 0 where "date_add(day, 1) = '2024-07-01'"
RowCount > 0 where "year(at) = 2024"
RowCount > 0 where "month(day) = 6 and day(day) = 30"
RowCount > 0 where "hour(at) = 11"
RowCount > 0 where "date_trunc('month', at) = '2024-06-01'"
RowCount > 0 where "coalesce(qty, 0) + 1 > 3"
RowCount > 0 where "nullif(code, 'a') is null"
RowCount > 0 where "if(qty > 5, 1, 0) = 1"
RowCount > 0 where "qty in (1, 2, null)"
RowCount > 0 where "qty not in (1, 2)"
RowCount > 0 where "nvl(city, 'x') = 'x'"
RowCount > 0 where "left(city, 3) = 'Ber'"
RowCount > 0 where "right(city, 2) = 'in'"
RowCount > 0 where "upper(code) = 'A'"
RowCount > 0 where "trim(city) = 'Berlin'"
RowCount > 0 where "qty + big > 0"
RowCount > 0 where "big * 2 > 0"
RowCount > 0 where "-qty > 0"
RowCount > 0 where "qty - k2 = 0"
RowCount > 0 where "price * qty > 1"
RowCount > 0 where "price / 3 > 0.3"
RowCount > 0 where "code > 'a' or code is null"
RowCount > 0 where "t_num > 1"
RowCount > 0 where "t_day > '2024-01'"
RowCount > 0 where "t_int = 1"
RowCount > 0 where "day between '2024-01-01' and '2024-12-31'"
RowCount > 0 where "at < day"
RowCount > 0 where "paid and not (qty > 3)"
RowCount > 0 where "paid <=> true"
RowCount > 0 where "length(note) = 2"
RowCount > 0 where "contains(city, 'er')"
RowCount > 0 where "startswith(city, 'B')"
RowCount > 0 where "endswith(city, ' ')"
RowCount > 0 where "qty is distinct from k2"
RowCount > 0 where "score between 0.1 and 0.3"
RowCount > 0 where "abs(price) > 5"
RowCount > 0 where "mod(qty, 5) = 2"
RowCount > 0 where "qty div 2 = 3"
'''

TABLES = r'''
RowCountMatch "cities" = 2
SchemaMatch "cities" > 0.1
ReferentialIntegrity "city" "cities.name" > 0.5
ReferentialIntegrity "city" "cities.name" = 1
ReferentialIntegrity "city,code" "cities.{name,code}" > 0
ReferentialIntegrity "code" "cities.code" > 0.4
DatasetMatch "cities" "code" "city->name" > 0
DatasetMatch "twin" "id" = 1
DatasetMatch "twin" "id" "code,note,price,score,day,at,paid" = 1
DatasetMatch "twin" "at->at" "code" > 0.9
AggregateMatch "sum(qty)" "sum(cities.size)" > 0
AggregateMatch "avg(price)" "avg(cities.share)" > 0
AggregateMatch "sum(price)" "sum(twin.price)" = 1
CustomSql "select count(*) from primary" = 20
CustomSql "select count(distinct code) from primary" = 19
CustomSql "select count(distinct city) from primary where city is not null" > 1
CustomSql "select avg(qty) from primary" > 0
CustomSql "select avg(price) from primary" > 0
CustomSql "select sum(price) / count(price) from primary" > 0
CustomSql "select sum(big) from primary" > 0
CustomSql "select max(score) - min(score) from primary" > 0
CustomSql "select count(*) from primary p join cities c on p.city = c.name" > 0
CustomSql "select count(*) from (select city, count(*) n from primary group by city having count(*) > 1) t" = 3
CustomSql "select sum(case when code < 'b' then 1 else 0 end) from primary" > 0
CustomSql "select length(max(code)) from primary" = 1
CustomSql "select count(*) from primary where max(qty) > 1" = 1
CustomSql "select stddev_pop(qty) from primary" > 0
CustomSql "select corr(id, far) from primary" > 0.99
CustomSql "select count(*) from primary where cast(t_int as int) is not null" > 0
CustomSql "select count(*) from primary where t_day rlike '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'" > 0
CustomSql "select id from primary where qty > 0"
CustomSql "select code, city from primary where city is not null" with threshold > 0.5
CustomSql "select p.id from primary p join cities c on p.city = c.name" with threshold > 0.3
CustomSql "select id from primary where id > 100"
(IsComplete "id") and (IsUnique "id")
(IsComplete "email") or (Completeness "email" > 0.9)
(ColumnValues "qty" > 0) and (RowCount = 20)
'''

NOT_NUMBERS = r'''
Completeness "x" > 0.8
Mean "x" > 0
Mean "y" = 3.5
Sum "x" > 0
Sum "inf" > 0
StandardDeviation "x" > 0
StandardDeviation "inf" > 0
Variance "x" != 0
Skewness "x" != 0
Kurtosis "inf" != 0
ZerosCount "x" >= 0
Range "x" > 0
Range "y" = 7
Uniqueness "x" > 0.1
IsUnique "x"
DistinctValuesCount "x" = 6
DistinctValuesCount "inf" = 7
Entropy "x" > 1
ColumnCorrelation "x" "y" > 0
ColumnCorrelation "inf" "y" != 0
ColumnValues "x" > 0 with threshold > 0.5
ColumnValues "x" <= 3.5
ColumnValues "x" in [0, 1, 2] with threshold > 0.3
ColumnValues "x" != 1
ColumnValues "inf" >= 0 with threshold > 0.3
RowCount > 1 where "x > 100"
RowCount > 1 where "x = x"
RowCount > 1 where "isnan(x)"
RowCount = 2 where "inf > 1000"
DuplicateRowCount "x" > 0
ColumnDataType "x" = "Integer"
CustomSql "select count(distinct x) from primary" = 5
CustomSql "select max(x) from primary" > 1
CustomSql "select min(x) from primary" > -1
CustomSql "select x from primary where x > 1" with threshold > 0.1
'''
# fmt: on

CORPUS = {
    **{"rows": ROWS, "keys": KEYS, "numbers": NUMBERS, "values": VALUES, "types": TYPES},
    **{"where": WHERE, "tables": TABLES},
}


def ruleset(text: str) -> str:
    """One rule a line, as a document."""
    rules = [line.replace("\\x00", "\\x01") for line in text.strip().splitlines()]
    return "Rules = [\n" + ",\n".join(rules) + "\n]"
