"""What goes wrong with a model's outputs, and with the cache."""

from ..texts import Bilingual
from .entry import NO, YES, Entry

ENTRIES = (
    Entry(
        slug="attention-not-computed",
        sign="tuple index out of range (on outputs.attentions)",
        pattern=r"IndexError: tuple index out of range",
        matters=YES,
        meaning=Bilingual(
            "`outputs.attentions` is empty. The default attention, SDPA, computes no attention weights that could "
            "be returned, and does not say so.",
            "`outputs.attentions` 是空的。預設的注意力實作 SDPA 不會算出可以回傳的注意力權重，也不會告訴你。",
        ),
        remedy=Bilingual(
            "Switch to the eager implementation.",
            "改用 eager 實作。",
        ),
        code='model.set_attn_implementation("eager")\noutputs = model(**inputs, output_attentions=True)',
        kinds=("IndexError",),
        where=r"attentions\b",
    ),
    Entry(
        slug="sdpa-cannot-return-attention",
        sign="The `output_attentions` attribute is not supported when using the `attn_implementation` set to sdpa.",
        pattern=r"`output_attentions` attribute is not supported when using the `attn_implementation` set to",
        matters=YES,
        meaning=Bilingual(
            "The default attention, SDPA, computes no attention weights that could be returned.",
            "預設的注意力實作 SDPA 不會算出可以回傳的注意力權重。",
        ),
        remedy=Bilingual(
            "Load the model with the eager implementation.",
            "用 eager 實作載入模型。",
        ),
        code='model = GPT2Model.from_pretrained(CHECKPOINT, attn_implementation="eager")\n'
        "model.config.output_attentions = True",
        kinds=("ValueError",),
    ),
    Entry(
        slug="output-not-asked-for",
        sign="'NoneType' object is not subscriptable",
        pattern=r"'NoneType' object is not subscriptable",
        matters=YES,
        meaning=Bilingual(
            "You index something that is None. In these lessons it is mostly `outputs.hidden_states` or "
            "`outputs.attentions`, which the model returns only when asked.",
            "你對 None 取索引。在這門課裡多半是 `outputs.hidden_states` 或 `outputs.attentions`："
            "要先要求，模型才會回傳。",
        ),
        remedy=Bilingual(
            "Ask for it.",
            "呼叫時提出要求。",
        ),
        code="outputs = model(**inputs, output_hidden_states=True)",
        kinds=("TypeError",),
    ),
    Entry(
        slug="no-loss-without-labels",
        sign="'NoneType' object has no attribute 'backward'",
        pattern=r"'NoneType' object has no attribute '(?:backward|item)'",
        matters=YES,
        meaning=Bilingual(
            "`outputs.loss` is None: the model computes a loss only when it gets labels.",
            "`outputs.loss` 是 None：模型拿到 labels 才會計算損失。",
        ),
        remedy=Bilingual(
            "Pass the ids as labels too; the model shifts them by one itself.",
            "把 id 也當成 labels 傳入；模型自己會錯開一個位置。",
        ),
        code="outputs = model(**inputs, labels=inputs.input_ids)",
        kinds=("AttributeError",),
    ),
    Entry(
        slug="cache-is-an-object",
        sign="'DynamicCache' object is not subscriptable",
        pattern=r"'DynamicCache' (?:object is not subscriptable"
        r"|(?:object )?has no attribute '(?:to_legacy_cache|from_legacy_cache|key_cache|value_cache)')",
        matters=YES,
        meaning=Bilingual(
            "The KV cache used to be a tuple of tuples. In transformers 5 it is a `DynamicCache`, which has layers.",
            "鍵值快取以前是元組裡再放元組；在 transformers 5 裡是 `DynamicCache`，裡面是一層一層的物件。",
        ),
        remedy=Bilingual(
            "Go through its layers.",
            "從它的各層取值。",
        ),
        code="cache = outputs.cache\n"
        "keys, values = cache.layers[0].keys, cache.layers[0].values\n"
        "length = cache.get_seq_length()",
        kinds=("TypeError", "AttributeError"),
    ),
    Entry(
        slug="cache-given-as-a-tuple",
        sign="'tuple' object has no attribute 'get_seq_length'",
        pattern=r"'(?:tuple|list)' object has no attribute 'get_seq_length'",
        matters=YES,
        meaning=Bilingual(
            "The cache was given as a tuple, as in old code; transformers 5 wants a cache object.",
            "快取傳的是元組，這是舊的寫法；transformers 5 要的是快取物件。",
        ),
        remedy=Bilingual(
            "Hand on the cache that the model returned, or begin with an empty one.",
            "把模型回傳的快取原樣傳下去，或從空的快取開始。",
        ),
        code="cache = DynamicCache(config=model.config)\noutputs = model(input_ids, cache=cache, use_cache=True)",
        kinds=("AttributeError",),
    ),
    Entry(
        slug="cache-under-its-old-name",
        sign="`past_key_values` is deprecated and will be removed in version 5.40.0 for `GPT2LMHeadModel.forward`. Use `cache` "
        "instead.",
        pattern=r"`past_key_values`(?:/`cache_params`)? (?:is|are) deprecated",
        matters=NO,
        meaning=Bilingual(
            "The KV cache got a new name in transformers 5.24, `cache`, both as an argument and in the outputs. The old one "
            "still works for a while.",
            "鍵值快取從 transformers 5.24 起改名為 `cache`，引數和輸出都是；舊的名字暫時還能用。",
        ),
        remedy=Bilingual(
            "Use the new name; most code that you find elsewhere still has the old one.",
            "改用新的名字；在別處看到的程式碼多半還是舊的。",
        ),
        code="outputs = model(input_ids, use_cache=True)\noutputs = model(input_ids[:, -1:], cache=outputs.cache)",
    ),
    Entry(
        slug="crop-wants-a-negative-number",
        sign="Calling `crop` with a positive value (`5`) is not supported.",
        pattern=r"Calling `crop` with a positive value",
        matters=YES,
        meaning=Bilingual(
            "`crop` takes the number of tokens to remove, as a negative number; it used to take the length to keep.",
            "`crop` 要的是移除幾個 token，寫成負數；以前要的是保留的長度。",
        ),
        remedy=Bilingual(
            "Subtract the length that you have from the length that you want.",
            "用想要的長度減去現在的長度。",
        ),
        code="cache.crop(wanted_length - cache.get_seq_length())",
        kinds=("ValueError",),
    ),
    Entry(
        slug="detach-before-numpy",
        sign="Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.",
        pattern=r"Can't call numpy\(\) on Tensor that requires grad",
        matters=YES,
        meaning=Bilingual(
            "The tensor still carries its computation for the gradients, and NumPy and matplotlib cannot hold that.",
            "這個張量還帶著計算梯度用的紀錄，NumPy 和 matplotlib 裝不下它。",
        ),
        remedy=Bilingual(
            "Compute without gradients where you only look, or detach.",
            "只是要看結果的話，計算時不要梯度，或先 detach。",
        ),
        code="with torch.no_grad():\n    logits = model(**inputs).logits\nlogits.numpy()",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="cache-off-while-checkpointing",
        sign="`use_cache=True` is incompatible with gradient checkpointing. Setting `use_cache=False`.",
        pattern=r"`use_cache=True` is incompatible with gradient checkpointing",
        matters=NO,
        meaning=Bilingual(
            "While training with gradient checkpointing, the model does without the KV cache. It does not need it "
            "there.",
            "訓練時用了 gradient checkpointing，模型就不使用鍵值快取；訓練本來也用不到它。",
        ),
        remedy=Bilingual(
            "Nothing; to be rid of the message, switch the cache off yourself.",
            "不必處理；想讓訊息消失，就自己關掉快取。",
        ),
        code="model.config.use_cache = False",
    ),
)
