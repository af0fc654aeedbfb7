"""What is known about single SQL functions: which aggregate, which hide the value, which decide."""

from sqlglot import exp

from tools.lineage.kinds import AGGREGATION, MASKED, TRANSFORMATION
from tools.lineage.words import words

# Names that sqlglot has no class for in some dialect. Lower case.
_AGGREGATES = words("""
    any_value approx_distinct approx_percentile arbitrary argmax argmin array_agg avgif bit_and bit_or bit_xor
    bool_and bool_or
    collect_list collect_set corr countif covar_pop covar_samp every first_value group_concat histogram_numeric
    hll_sketch_agg json_agg json_arrayagg json_object_agg json_objectagg jsonb_agg jsonb_object_agg kurtosis last_value
    listagg map_agg maxif median minif mode multimap_agg object_agg percentile percentile_approx product regr_count
    regr_slope skewness some std stddev string_agg sumdistinct sumif total uniq uniqexact variance wm_concat xmlagg
""")
_HIDING = words("""
    approx_distinct checksum cityhash64 countif crc32 crypt digest farm_fingerprint farmhash64 fnv1 fnv1a fnv_hash
    func_sha1 halfmd5 hash hashbytes hashrow hive_hash hmac hmac_md5 hmac_sha1 hmac_sha256 hmac_sha512 mask
    mask_first_n mask_hash mask_last_n mask_show_first_n mask_show_last_n md5 md5_binary md5_digest md5_hex md5_number
    murmur3 murmur_hash murmurhash3 sha sha1 sha1_binary sha1_hex sha2 sha224 sha256 sha2_binary sha2_hex sha384 sha512
    murmur_hash3_32 ora_hash siphash128 siphash64 standard_hash uniq uniqexact xxh3 xxhash32 xxhash64
""")
_COUNTS = (exp.Count, exp.CountIf, exp.ApproxDistinct)
_HASHES = (
    exp.MD5,
    exp.MD5Digest,
    exp.MD5NumberLower64,
    exp.MD5NumberUpper64,
    exp.SHA,
    exp.SHA1Digest,
    exp.SHA2,
    exp.SHA2Digest,
    exp.StandardHash,
    exp.FarmFingerprint,
)
# Aggregates by class that give back one row's value when they stand in a window (`lag` and its kin).
_PICK_A_ROW = (exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue, exp.First, exp.Last)
_DECIDES_AND_FLOWS = words("coalesce nvl ifnull zeroifnull nullifzero")


def name_of(node: exp.Expr) -> str:
    """The lower-case name of a function; nothing for what is none."""
    if isinstance(node, (exp.Anonymous, exp.AnonymousAggFunc)):
        return str(node.this).lower() if isinstance(node.this, str) else node.name.lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else ""


def step_of(node: exp.Expr) -> int:
    """What happens to the value of an argument of this function or operator."""
    return _kind_of(node) | (MASKED if is_hiding(node) else 0)


def _kind_of(node: exp.Expr) -> int:
    if isinstance(node, _PICK_A_ROW) and _in_window(node):
        return TRANSFORMATION
    if isinstance(node, (exp.Max, exp.Min)) and node.expressions:
        return TRANSFORMATION  # the greatest of several arguments in one row
    if isinstance(node, exp.AggFunc) or name_of(node) in _AGGREGATES:
        return AGGREGATION
    return TRANSFORMATION


def _in_window(node: exp.Expr) -> bool:
    parent = node.parent
    while isinstance(parent, (exp.IgnoreNulls, exp.RespectNulls, exp.Filter, exp.WithinGroup)):
        parent = parent.parent
    return isinstance(parent, exp.Window)


def is_hiding(node: exp.Expr) -> bool:
    """Whether the value cannot be read from the result: hashes, masks and counts, the list that
    OpenLineage has, and their kin in other engines."""
    if isinstance(node, (*_COUNTS, *_HASHES)):
        return True
    return name_of(node) in _HIDING


def is_coalescing(node: exp.Expr) -> bool:
    """Whether each argument both decides and may be the value."""
    return isinstance(node, exp.Coalesce) or name_of(node) in _DECIDES_AND_FLOWS
