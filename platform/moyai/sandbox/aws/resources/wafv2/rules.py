"""What a rule of a web ACL can say. Statements nest, as deep as the SDK has types for it."""

from __future__ import annotations

from moyai.sandbox.aws.fields import Field, Shape, flag, many, one, shape, text, texts, whole

_HEADER = shape(name=text(required=True), value=text(required=True))
_REQUEST = shape(customRequestHandling=one(shape(insertHeaders=many(_HEADER))))
_DEFAULT_REQUEST = shape(
    customRequestHandling=one(shape(insertHeaders=many(_HEADER, required=True)))
)
_BLOCK = shape(
    customResponse=one(
        shape(
            customResponseBodyKey=text(),
            responseCode=whole(required=True),
            responseHeaders=many(_HEADER),
        )
    )
)
DEFAULT_ACTION = shape(allow=one(_DEFAULT_REQUEST), block=one(_BLOCK))
_ACTION = shape(
    allow=one(_REQUEST),
    block=one(_BLOCK),
    captcha=one(_REQUEST),
    challenge=one(_REQUEST),
    count=one(_REQUEST),
)
VISIBILITY = shape(
    cloudwatchMetricsEnabled=flag("CloudWatchMetricsEnabled", required=True),
    metricName=text(required=True),
    sampledRequestsEnabled=flag(required=True),
)

_NOTHING = one(shape())
_PART = one(
    shape(
        allQueryArguments=_NOTHING,
        body=one(shape(oversizeHandling=text())),
        method=_NOTHING,
        queryString=_NOTHING,
        singleHeader=one(shape(name=text(required=True))),
        singleQueryArgument=one(shape(name=text(required=True))),
        uriPath=_NOTHING,
    )
)
_TRANSFORMED = shape(
    fieldToMatch=_PART,
    textTransformations=many(
        shape(priority=whole(required=True), type=text(required=True)), is_set=True
    ),
)
_FORWARDED = shape(fallbackBehavior=text(required=True), headerName=text(required=True))
_OVERRIDES = many(shape(actionToUse=one(_ACTION), name=text(required=True)))

_SIMPLE = shape(
    byteMatchStatement=one(
        shape(
            _TRANSFORMED,
            positionalConstraint=text(required=True),
            searchString=text(required=True),
        )
    ),
    geoMatchStatement=one(
        shape(
            countryCodes=texts(required=True),
            forwardedIpConfig=one(_FORWARDED, "ForwardedIPConfig"),
        )
    ),
    ipSetReferenceStatement=one(
        shape(
            arn=text("ARN", required=True),
            ipSetForwardedIpConfig=one(
                shape(_FORWARDED, position=text(required=True)), "IPSetForwardedIPConfig"
            ),
        ),
        "IPSetReferenceStatement",
    ),
    labelMatchStatement=one(shape(key=text(required=True), scope=text(required=True))),
    regexMatchStatement=one(shape(_TRANSFORMED, regexString=text(required=True))),
    regexPatternSetReferenceStatement=one(shape(_TRANSFORMED, arn=text("ARN", required=True))),
    sizeConstraintStatement=one(
        shape(_TRANSFORMED, comparisonOperator=text(required=True), size=whole(required=True))
    ),
    sqliMatchStatement=one(shape(_TRANSFORMED, sensitivityLevel=text(default="LOW"))),
    xssMatchStatement=one(_TRANSFORMED),
)


def _statement(depth: int) -> Shape:
    """A statement with others inside, `depth` deep."""
    if depth == 0:
        return _SIMPLE
    inner = _statement(depth - 1)
    several = one(shape(statements=many(inner)))
    return shape(
        _SIMPLE,
        andStatement=several,
        notStatement=one(shape(statement=one(inner))),
        orStatement=several,
    )


_DEPTH = 3


def _top() -> Shape:
    """Groups of rules stand only at the top."""
    inside: Field = one(_statement(_DEPTH - 1))
    return shape(
        _statement(_DEPTH),
        managedRuleGroupStatement=one(
            shape(
                name=text(required=True),
                ruleActionOverrides=_OVERRIDES,
                scopeDownStatement=inside,
                vendorName=text(required=True),
                version=text(),
            )
        ),
        rateBasedStatement=one(
            shape(
                aggregateKeyType=text(required=True),
                evaluationWindowSec=whole(default=300),
                forwardedIpConfig=one(_FORWARDED, "ForwardedIPConfig"),
                limit=whole(required=True),
                scopeDownStatement=inside,
            )
        ),
        ruleGroupReferenceStatement=one(
            shape(arn=text("ARN", required=True), ruleActionOverrides=_OVERRIDES)
        ),
    )


RULE = shape(
    action=one(_ACTION),
    name=text(required=True),
    overrideAction=one(shape(count=_NOTHING, none=_NOTHING)),
    priority=whole(required=True),
    ruleLabels=many(shape(name=text(required=True))),
    statement=one(_top(), required=True),
    visibilityConfig=one(VISIBILITY, required=True),
)
