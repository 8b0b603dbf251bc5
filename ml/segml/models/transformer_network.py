"""The transformer as three Keras networks: events, feature tokens, and what both lead to.

Built by functions from layers of Keras itself, so that a stored model is weights and a few
numbers. All layers are named: weights are stored by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from segml.models.ziln import HEAD_UNITS

if TYPE_CHECKING:
    from segml.models.transformer_config import TransformerConfig
    from segml.models.transformer_inputs import FeatureInputs

HARMONICS = 4  # waves per time, each twice as fast as the one before
FIRST_ANGLE = np.pi / 8  # log days up to 8 (eight years) are half a wave of the slowest
TOKEN_DEVIATION = 0.2
DEEPER = 2  # times the width inside feed-forward layers


def event_encoder(
    keras: Any,  # noqa: ANN401
    config: TransformerConfig,
    event_types: int,
    categories: int,
) -> Any:  # noqa: ANN401
    """Return the network from ``event_arrays`` to states (n, events, width), newest last.

    A state sees its own event and older ones only, so that it can be trained to foretell the next.
    """
    layers, ops, length = keras.layers, keras.ops, config.events
    inputs = {
        "event_type": keras.Input((length,), dtype="int32", name="event_type"),
        "category": keras.Input((length,), dtype="int32", name="category"),
        "measures": keras.Input((length, 3), name="measures"),
        "is_event": keras.Input((length,), dtype="bool", name="is_event"),
    }
    times = inputs["measures"][..., 1:]
    waves = [
        wave(times * (FIRST_ANGLE * 2**power))
        for power in range(HARMONICS)
        for wave in (ops.sin, ops.cos)
    ]
    measured = ops.concatenate([inputs["measures"], *waves], axis=-1)
    state = layers.Add(name="event_embedding")(
        [
            layers.Embedding(event_types + 1, config.width, name="type_embedding")(
                inputs["event_type"]
            ),
            layers.Embedding(categories + 1, config.width, name="category_embedding")(
                inputs["category"]
            ),
            layers.Dense(config.width, name="measure_embedding")(measured),
        ]
    )
    mask = inputs["is_event"][:, None, :]
    for number in range(config.event_blocks):
        state = _self_attention(keras, config, state, f"event_block_{number}", mask=mask)
    state = layers.LayerNormalization(name="event_norm")(state)
    return keras.Model(inputs, state, name="events")


def next_event_network(
    keras: Any,  # noqa: ANN401
    encoder: Any,  # noqa: ANN401
    event_types: int,
    categories: int,
) -> Any:  # noqa: ANN401
    """Return the network that foretells type, amount, gap and category of each next event."""
    state = encoder(encoder.input)

    def head(name: str, units: int, activation: str | None = None) -> Any:  # noqa: ANN401
        return keras.layers.Dense(units, activation, dtype="float32", name=name)(state)

    outputs = {
        "next_type": head("next_type", event_types + 1, "softmax"),
        "next_measures": head("next_measures", 2),
    }
    if categories:
        outputs["next_category"] = head("next_category", categories + 1, "softmax")
    return keras.Model(encoder.input, outputs, name="next_event")


def sequence_token(keras: Any, config: TransformerConfig, encoder: Any) -> Any:  # noqa: ANN401
    """Return the network from ``event_arrays`` to one token (n, width); zeros without events."""
    newest = encoder(encoder.input)[:, -1]
    token = keras.layers.Dense(config.width, use_bias=False, name="sequence_token")(newest)
    has_events = keras.ops.cast(encoder.input["is_event"][:, -1:], token.dtype)
    return keras.Model(encoder.input, token * has_events, name="sequence")


def joined_network(keras: Any, features: Any, sequence: Any | None, tiers: Any) -> Any:  # noqa: ANN401
    """Return the network from all inputs to ``tier`` and ``revenue``, for training."""
    inputs, tokens = features.input, features(features.input)
    if sequence is not None:
        token = keras.layers.Reshape((1, -1))(sequence(sequence.input))
        tokens = keras.layers.Concatenate(axis=1)([tokens, token])
        inputs = {**inputs, **sequence.input}
    return keras.Model(inputs, tiers(tokens), name="transformer")


def feature_tokenizer(keras: Any, config: TransformerConfig, features: FeatureInputs) -> Any:  # noqa: ANN401
    """Return the network from ``FeatureInputs.arrays`` to one token per feature (n, f + c, width).

    Numbers are encoded piecewise linearly at their quantiles (Gorishniy et al. 2022), with a
    piece of its own for unknown. A token is a linear function of its encoding.
    """
    layers, ops = keras.layers, keras.ops
    start = keras.initializers.RandomNormal(stddev=TOKEN_DEVIATION)
    inputs, tokens = {}, []
    if features.numeric:
        numbers = keras.Input((len(features.numeric),), name="numbers")
        inputs["numbers"] = numbers
        is_unknown = ops.cast(ops.isnan(numbers), "float32")[..., None]
        known = ops.where(ops.isnan(numbers), features.lower[:, 0], numbers)[..., None]
        empty = features.width == 0
        pieces = ops.clip((known - features.lower) / np.where(empty, 1, features.width), 0, 1)
        encoded = ops.concatenate(
            [pieces * (~empty).astype(np.float32) * (1 - is_unknown), is_unknown], axis=-1
        )
        tokens.append(
            layers.EinsumDense(
                "nfb,fbw->nfw",
                output_shape=(len(features.numeric), config.width),
                bias_axes="fw",
                kernel_initializer=start,
                bias_initializer=start,
                name="number_tokens",
            )(encoded)
        )
    if features.categorical:
        codes = keras.Input((len(features.categorical),), dtype="int32", name="codes")
        inputs["codes"] = codes
        total = sum(features.category_counts) + len(features.category_counts)
        embedding = layers.Embedding(
            total, config.width, embeddings_initializer=start, name="category_tokens"
        )
        tokens.append(embedding(codes))
    joined = layers.Concatenate(axis=1, name="tokens")(tokens) if len(tokens) > 1 else tokens[0]
    return keras.Model(inputs, joined, name="features")


def tier_network(keras: Any, config: TransformerConfig, tokens: int, classes: int) -> Any:  # noqa: ANN401
    """Return the network from tokens (n, tokens, width) to ``tier`` and ``revenue``.

    A few learned queries attend to all tokens (Lee et al. 2019), which costs as much as there are
    tokens; self-attention between them first (``feature_blocks``) costs their square. A token of
    zeros is one that is not known, as dropout makes them.
    """
    layers, ops = keras.layers, keras.ops
    inputs = keras.Input((tokens, config.width), name="tokens")
    state = layers.Dropout(
        config.token_dropout, noise_shape=(None, tokens, 1), name="token_dropout"
    )(inputs)
    for number in range(config.feature_blocks):
        state = _self_attention(keras, config, state, f"feature_block_{number}")
    numbers = ops.zeros_like(inputs[:, :1, 0], dtype="int32") + np.arange(config.queries)
    query = layers.Embedding(config.queries, config.width, name="queries")(numbers)
    for number in range(config.pooling_blocks):
        name = f"pooling_block_{number}"
        asked = layers.LayerNormalization(name=f"{name}_norm")(query)
        query = query + _attention(keras, config, name)(asked, state)
        query = _feed_forward(keras, config, query, name)
    pooled = layers.LayerNormalization(name="pooled_norm")(layers.Flatten()(query))
    hidden = layers.Dense(DEEPER * config.width, "gelu", name="hidden")(pooled)
    hidden = layers.Dropout(config.dropout, name="hidden_dropout")(hidden)
    outputs = {
        "tier": layers.Dense(classes, "softmax", dtype="float32", name="tier")(hidden),
        "revenue": layers.Dense(HEAD_UNITS, dtype="float32", name="revenue")(hidden),
    }
    return keras.Model(inputs, outputs, name="tiers")


def _self_attention(
    keras: Any,  # noqa: ANN401
    config: TransformerConfig,
    state: Any,  # noqa: ANN401
    name: str,
    mask: Any = None,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Return a block after Vaswani et al. 2017, normalised first; causal where masked."""
    normal = keras.layers.LayerNormalization(name=f"{name}_norm")(state)
    attended = _attention(keras, config, name)(
        normal, normal, attention_mask=mask, use_causal_mask=mask is not None
    )
    state = state + keras.layers.Dropout(config.dropout, name=f"{name}_dropout")(attended)
    return _feed_forward(keras, config, state, name)


def _attention(keras: Any, config: TransformerConfig, name: str) -> Any:  # noqa: ANN401
    return keras.layers.MultiHeadAttention(
        config.heads, config.width // config.heads, name=f"{name}_attention"
    )


def _feed_forward(keras: Any, config: TransformerConfig, state: Any, name: str) -> Any:  # noqa: ANN401
    layers = keras.layers
    hidden = layers.LayerNormalization(name=f"{name}_feed_norm")(state)
    hidden = layers.Dense(DEEPER * config.width, "gelu", name=f"{name}_feed_in")(hidden)
    hidden = layers.Dense(config.width, name=f"{name}_feed_out")(hidden)
    return state + layers.Dropout(config.dropout, name=f"{name}_feed_dropout")(hidden)
