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
            "`outputs.attentions` is empty. The default attention, SDPA (the function built into PyTorch), computes no attention "
            "weights that could be returned, and gives no warning.",
            "`outputs.attentions` 是空的。預設的注意力實作 SDPA（PyTorch 內建的注意力函式）不會算出可以回傳的注意力權重，也沒有任何警告。",
        ),
        remedy=Bilingual(
            "Switch to the eager implementation (computed step by step, it keeps the attention weights).",
            "改用 eager 實作（一步一步計算，會留下注意力權重）。",
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
            "The default attention, SDPA (the function built into PyTorch), computes no attention weights that could be returned.",
            "預設的注意力實作 SDPA（PyTorch 內建的注意力函式）不會算出可以回傳的注意力權重。",
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
            "你對 None 取了索引。在這門課裡多半是 `outputs.hidden_states` 或 `outputs.attentions`，"
            "這兩項要先要求，模型才會回傳。",
        ),
        remedy=Bilingual(
            "Ask for it when you call the model.",
            "呼叫模型時，要求回傳這一項。",
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
            "`outputs.loss` 是 None，因為模型收到 labels 才會計算損失。",
        ),
        remedy=Bilingual(
            "Pass the ids as labels too; the model shifts them by one itself.",
            "把 id 也當成 labels 傳入；模型自己會位移（shift）一格。",
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
            "KV 快取（KV cache）以前是 tuple 裡再放 tuple；在 transformers 5 裡是 `DynamicCache`，裡面是一層一層的物件。",
        ),
        remedy=Bilingual(
            "Go through its layers.",
            "從各層的物件取值。",
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
            "傳入的快取是 tuple，這是舊的寫法；transformers 5 需要的是快取物件。",
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
            "從 transformers 5.24 起，KV 快取（KV cache）改名為 `cache`，引數和輸出都是；舊的名稱暫時還能用。",
        ),
        remedy=Bilingual(
            "Use the new name; most code that you find elsewhere still has the old one.",
            "改用新的名稱；在別處看到的程式碼，多半還是舊的名稱。",
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
            "`crop` 的引數是要移除幾個 token，寫成負數；以前是要保留的長度。",
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
            "The tensor still carries its computation for the gradients, and NumPy and matplotlib cannot handle that.",
            "這個張量還帶著計算梯度用的紀錄，NumPy 和 matplotlib 無法直接處理。",
        ),
        remedy=Bilingual(
            "Where you only want to look at results, compute without gradients, or detach.",
            "如果只是要看結果，計算時就不要記錄梯度，或先 detach。",
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
            "訓練時用了 gradient checkpointing，模型就不使用 KV 快取（KV cache）；訓練本來也用不到。",
        ),
        remedy=Bilingual(
            "Nothing; to be rid of the message, switch the cache off yourself.",
            "不必處理；如果不想看到這則訊息，就自己關掉快取。",
        ),
        code="model.config.use_cache = False",
    ),
)
